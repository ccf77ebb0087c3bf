"""The classifier of L2-normalised features."""

import pytest
import torch
from mmaction.structures import ActionDataSample
from torch import nn

from vsslbox.errors import InputError
from vsslbox.registry import MODELS

CLASSES, CHANNELS = 5, 6
MAPS = (3, 4, 2)


def make_head(**kwargs):
    head = MODELS.build(
        dict(
            type='NormalizedI3DHead',
            num_classes=CLASSES,
            in_channels=CHANNELS,
            loss_cls=dict(type='mmaction.CrossEntropyLoss'),
            **{'dropout_ratio': 0, **kwargs},
        )
    )
    head.init_weights()
    nn.init.normal_(head.fc_cls.bias)
    return head.double()


def test_first_weights_are_those_of_keras():
    """Glorot's uniform distribution, no bias."""
    head = MODELS.build(
        dict(
            type='NormalizedI3DHead',
            num_classes=300,
            in_channels=500,
            loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        )
    )
    head.init_weights()
    bound = (6 / (300 + 500)) ** 0.5
    weight = head.fc_cls.weight
    assert 0.999 * bound < weight.abs().max() <= bound
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)
    assert (head.fc_cls.bias == 0).all()


def test_a_deviation_without_effect_is_refused():
    with pytest.raises(InputError, match='init_cfg'):
        make_head(init_std=0.1)


def scores_by_loops(head, feature_map):
    """Score one clip, ``[F, t, h, w]``."""
    pooled = [sum(channel.flatten().tolist()) / channel.numel() for channel in feature_map]
    norm = sum(value**2 for value in pooled) ** 0.5
    weight, bias = head.fc_cls.weight.tolist(), head.fc_cls.bias.tolist()
    return [
        sum(w * value / norm for w, value in zip(row, pooled, strict=True)) + offset
        for row, offset in zip(weight, bias, strict=True)
    ]


def feature_maps(count):
    return torch.randn(count, CHANNELS, *MAPS, dtype=torch.float64) + 0.5


def test_scores_are_those_of_the_average_divided_by_its_norm():
    head, maps = make_head(), feature_maps(4)
    expected = torch.tensor([scores_by_loops(head, clip) for clip in maps], dtype=torch.float64)
    assert torch.allclose(head(maps), expected, atol=1e-12)


def test_norm_of_features_has_no_influence():
    head, maps = make_head(), feature_maps(2)
    assert torch.allclose(head(maps), head(1000 * maps), atol=1e-12)
    assert not torch.allclose(head(maps), head(maps + 1), atol=1e-2)


def test_dropout_comes_after_the_normalization():
    """Dropout scales the rest by 1 / (1 - p), which a later normalization would undo."""
    head = make_head(dropout_ratio=0.5).train()
    nn.init.zeros_(head.fc_cls.bias)
    head.fc_cls.weight.data = torch.eye(CLASSES, CHANNELS, dtype=torch.float64)
    maps = feature_maps(3)
    kept = head(maps)
    whole = torch.tensor([scores_by_loops(head, clip) for clip in maps], dtype=torch.float64)
    is_kept = kept != 0
    assert 0 < is_kept.sum() < is_kept.numel()
    assert torch.allclose(kept[is_kept], 2 * whole[is_kept], atol=1e-12)


def test_prediction_is_the_mean_probability_of_clips_and_crops():
    head = make_head(average_clips='prob').eval()
    num_videos, num_clips, num_crops = 2, 3, 3
    maps = feature_maps(num_videos * num_clips * num_crops)
    samples = [ActionDataSample() for _ in range(num_videos)]
    results = head.predict(maps, samples)
    for video, result in enumerate(results):
        total = torch.zeros(CLASSES, dtype=torch.float64)
        for view in range(num_clips * num_crops):
            scores = scores_by_loops(head, maps[video * num_clips * num_crops + view])
            exponentials = torch.tensor(scores, dtype=torch.float64).exp()
            total += exponentials / exponentials.sum()
        mean = total / (num_clips * num_crops)
        assert torch.allclose(result.pred_scores.item, mean, atol=1e-12)
        assert result.pred_scores.item.sum().item() == pytest.approx(1)
        assert result.pred_labels.item.tolist() == [int(mean.argmax())]
