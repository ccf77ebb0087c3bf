"""The classifier of Charades: its predictions of a video, and its loss."""

import math

import pytest
import torch
from mmaction.evaluation import mean_average_precision
from mmaction.structures import ActionDataSample
from sklearn.metrics import average_precision_score

from vsslbox.models.heads import MaxClipsI3DHead


def head(num_classes=3, in_channels=4):
    made = MaxClipsI3DHead(
        num_classes=num_classes,
        in_channels=in_channels,
        dropout_ratio=0,
        loss_cls=dict(type='mmaction.BCELossWithLogits'),
    )
    made.init_weights()
    return made


def test_a_prediction_is_the_largest_probability_of_any_clip():
    scores = torch.tensor([[0.0, 2, -1], [1, -3, -2], [5, 5, 5], [-5, 0, 6]])
    samples = [ActionDataSample(), ActionDataSample()]  # of two clips each
    predicted = [s.pred_scores.item for s in head().predict_by_feat(scores, samples)]
    for row, expected in zip(predicted, [(1, 2, -1), (5, 5, 6)]):
        assert row.tolist() == pytest.approx([1 / (1 + math.exp(-x)) for x in expected])


def test_the_loss_is_binary_for_each_class():
    made, features = head(), torch.randn(2, 4, 2, 3, 3, generator=torch.Generator().manual_seed(0))
    samples = []
    for label in ([1.0, 0, 1], [0, 0, 0]):
        samples.append(ActionDataSample())
        samples[-1].set_gt_labels(torch.tensor(label))
    loss = made.loss(features, samples)['loss_cls'].item()
    scores = made(features).double()
    total = 0.0
    for row, label in zip(scores.tolist(), ([1, 0, 1], [0, 0, 0])):
        for score, wanted in zip(row, label):
            probability = 1 / (1 + math.exp(-score))
            total -= math.log(probability if wanted else 1 - probability)
    assert loss == pytest.approx(total / 6, rel=1e-5)


@pytest.mark.filterwarnings('ignore:invalid value encountered:RuntimeWarning')
def test_the_metric_of_the_config_leaves_out_classes_without_a_video():
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(30, 5, generator=generator).numpy()
    labels = (torch.rand(30, 5, generator=generator) < 0.3).int().numpy()
    labels[:, 2] = 0
    expected = [average_precision_score(labels[:, c], scores[:, c]) for c in (0, 1, 3, 4)]
    found = mean_average_precision(list(scores), list(labels))
    assert found == pytest.approx(sum(expected) / 4)
