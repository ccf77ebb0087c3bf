"""The classifier of VideoMAE's fine-tuning."""

import pytest
import torch

from vsslbox.registry import MODELS

CFG = dict(type='LayerNormI3DHead', loss_cls=dict(type='mmaction.CrossEntropyLoss'))


def test_scores_equal_literal_loops():
    head = MODELS.build(dict(CFG, num_classes=4, in_channels=6, dropout_ratio=0)).double()
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    maps = torch.randn(3, 6, 2, 3, 2, dtype=torch.float64)
    scores = head(maps)
    for clip, row in zip(maps, scores, strict=True):
        means = [channel.sum().item() / 12 for channel in clip]
        mean = sum(means) / 6
        deviation = (sum((value - mean) ** 2 for value in means) / 6 + 1e-6) ** 0.5
        feature = [
            (value - mean) / deviation * weight + bias
            for value, weight, bias in zip(
                means, head.fc_norm.weight.tolist(), head.fc_norm.bias.tolist(), strict=True
            )
        ]
        for score, weights, bias in zip(row, head.fc_cls.weight, head.fc_cls.bias, strict=True):
            expected = sum(w * f for w, f in zip(weights.tolist(), feature, strict=True)) + bias
            assert score.item() == pytest.approx(expected.item(), abs=1e-9)


def test_first_scores_are_nearly_0():
    head = MODELS.build(dict(CFG, num_classes=100, in_channels=200))
    head.init_weights()
    assert head.fc_cls.weight.std().item() == pytest.approx(2e-5, rel=0.05)
    assert not head.fc_cls.bias.any()
    assert (head.fc_norm.weight == 1).all()
