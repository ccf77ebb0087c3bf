"""The head of the order task compared with a literal loop in float64."""

import math

import pytest
import torch

from vsslbox.models.heads import TemporalOrderHead


def literal_loss(head, anchor, positive, orders, labels, norm_axis):
    """Compute the mean cross-entropy, number by number."""
    weight, bias = head.classifier.weight.tolist(), head.classifier.bias.tolist()
    total = 0.0
    for i in range(len(anchor)):
        flat = []
        for which, embeddings in enumerate((anchor[i], positive[i])):
            rows = [embeddings[segment].tolist() for segment in orders[i, which]]
            if norm_axis == 'channel':
                rows = [[x / math.sqrt(sum(y * y for y in row)) for x in row] for row in rows]
            else:
                columns = [math.sqrt(sum(y * y for y in col)) for col in zip(*rows, strict=True)]
                rows = [[x / c for x, c in zip(row, columns, strict=True)] for row in rows]
            flat += [x for row in rows for x in row]
        logits = [
            b + sum(w * x for w, x in zip(row, flat, strict=True))
            for row, b in zip(weight, bias, strict=True)
        ]
        total += math.log(sum(math.exp(z) for z in logits)) - logits[labels[i]]
    return total / len(anchor)


@pytest.mark.parametrize('norm_axis', ['frame', 'channel'])
@pytest.mark.parametrize('num_segments', [3, 4])
def test_loss_equals_the_formula(norm_axis, num_segments):
    head = TemporalOrderHead(6, num_segments, norm_axis).double()
    anchor, positive = torch.randn(2, 5, num_segments, 6, dtype=torch.float64)
    orders = torch.stack([torch.randperm(num_segments) for _ in range(10)]).view(5, 2, -1)
    labels = torch.tensor([0, 1, 2, 3, 1])
    expected = literal_loss(head, anchor, positive, orders, labels, norm_axis)
    assert head(anchor, positive, orders, labels).item() == pytest.approx(expected, abs=1e-12)
    in_float32 = head.float()(anchor.float(), positive.float(), orders, labels)
    assert in_float32.item() == pytest.approx(expected, rel=1e-6)


def test_norm_axis_changes_the_result():
    anchor, positive = torch.randn(2, 5, 3, 6)
    frame = TemporalOrderHead(6, 3, 'frame')
    channel = TemporalOrderHead(6, 3, 'channel')
    channel.load_state_dict(frame.state_dict())
    assert not torch.allclose(frame.logits(anchor, positive), channel.logits(anchor, positive))


@pytest.mark.parametrize('num_segments', [1, 2])
def test_fewer_than_three_segments_are_refused(num_segments):
    with pytest.raises(ValueError, match=f'at least 3 segments, got {num_segments}'):
        TemporalOrderHead(6, num_segments)
