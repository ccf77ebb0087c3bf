"""The classifier of the concatenated features of several views."""

import pytest
import torch
from mmaction.structures import ActionDataSample
from torch.nn.functional import dropout

from vsslbox.registry import MODELS

VIEWS, CHANNELS, HIDDEN, CLASSES = 3, 4, 5, 3
EPS = 1e-5


def make_head(**kwargs):
    head = MODELS.build(
        dict(
            type='MLPClsHead',
            num_classes=CLASSES,
            in_channels=CHANNELS,
            num_views=VIEWS,
            hidden_channels=HIDDEN,
            loss_cls=dict(type='mmaction.CrossEntropyLoss'),
            **{'dropout_ratio': 0.0, **kwargs},
        )
    ).double()
    for tensor in head.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.2, 1.5)
    for tensor in head.parameters():
        if tensor.ndim == 2:
            torch.nn.init.normal_(tensor)
    return head


def maps_of(num_windows):
    return torch.randn(num_windows * VIEWS, CHANNELS, 1, 2, 2, dtype=torch.float64)


def windows_by_loops(maps):
    """Concatenate the features of each window."""
    windows = []
    for first in range(0, len(maps), VIEWS):
        row = []
        for view in range(VIEWS):
            for channel in maps[first + view].tolist():
                values = [value for plane in channel for line in plane for value in line]
                row.append(sum(values) / len(values))
        windows.append(row)
    return windows


def product(rows, weight):
    return [[sum(a * b for a, b in zip(row, out, strict=True)) for out in weight] for row in rows]


def scores_by_loops(head, rows, statistics=None, masks=None):
    """Score features of windows; ``statistics`` are means and variances of the BN."""
    hidden_layer, norm, last = (head.layers[i] for i in (1, 2, 5))
    if masks is not None:
        rows = [[a * b for a, b in zip(*pair)] for pair in zip(rows, masks[0].tolist())]
    hidden = product(rows, hidden_layer.weight.tolist())
    columns = list(zip(*hidden))
    if statistics is None:
        means = [sum(column) / len(column) for column in columns]
        variances = [
            sum((value - mean) ** 2 for value in column) / len(column)
            for column, mean in zip(columns, means)
        ]
    else:
        means, variances = statistics
    scale, shift = norm.weight.tolist(), norm.bias.tolist()
    normed = [
        [
            max(0.0, (v - means[j]) / (variances[j] + EPS) ** 0.5 * scale[j] + shift[j])
            for j, v in enumerate(row)
        ]
        for row in hidden
    ]
    if masks is not None:
        normed = [[a * b for a, b in zip(*pair)] for pair in zip(normed, masks[1].tolist())]
    scores = product(normed, last.weight.tolist())
    biased = [[a + b for a, b in zip(row, last.bias.tolist(), strict=True)] for row in scores]
    return torch.tensor(biased, dtype=torch.float64)


def running_statistics(head):
    norm = head.layers[2]
    return norm.running_mean.tolist(), norm.running_var.tolist()


def test_scores_in_inference():
    head, maps = make_head().eval(), maps_of(4)
    expected = scores_by_loops(head, windows_by_loops(maps), running_statistics(head))
    assert expected.std() > 0.1
    assert torch.allclose(head(maps), expected, atol=1e-12)


def test_scores_in_training_with_dropout_before_both_layers():
    head, maps = make_head(dropout_ratio=0.4).train(), maps_of(4)
    torch.manual_seed(7)
    masks = [dropout(torch.ones(4, width).double(), 0.4) for width in (VIEWS * CHANNELS, HIDDEN)]
    assert all((mask == 0).any() for mask in masks)
    torch.manual_seed(7)
    found = head(maps)
    expected = scores_by_loops(head, windows_by_loops(maps), masks=masks)
    assert torch.allclose(found, expected, atol=1e-12)


def test_hidden_layer_has_no_bias_and_the_last_one_has():
    head = make_head()
    assert head.layers[1].bias is None
    assert head.layers[5].bias is not None


def test_prediction_is_the_mean_probability_of_windows():
    head, num_windows = make_head(average_clips='prob').eval(), 3
    maps = maps_of(2 * num_windows)
    scores = scores_by_loops(head, windows_by_loops(maps), running_statistics(head))
    results = head.predict(maps, [ActionDataSample(), ActionDataSample()])
    for video, result in enumerate(results):
        total = torch.zeros(CLASSES, dtype=torch.float64)
        for window in range(num_windows):
            exponentials = scores[video * num_windows + window].exp()
            total += exponentials / exponentials.sum()
        assert torch.allclose(result.pred_scores.item, total / num_windows, atol=1e-12)
        assert result.pred_labels.item.tolist() == [int(total.argmax())]


def test_loss_is_the_cross_entropy_of_the_windows():
    head, maps = make_head(topk=(1,)).eval(), maps_of(2)
    samples = [ActionDataSample().set_gt_labels(label) for label in (2, 0)]
    scores = scores_by_loops(head, windows_by_loops(maps), running_statistics(head))
    logs = [(row.exp() / row.exp().sum()).log() for row in scores]
    expected = -(logs[0][2] + logs[1][0]) / 2
    assert head.loss(maps, samples)['loss_cls'].item() == pytest.approx(expected.item(), abs=1e-12)


def test_incomplete_windows_are_refused():
    with pytest.raises(ValueError, match='windows of 3 views, got 4 clips: `num_views`'):
        make_head()(maps_of(2)[:4])
