"""The linear probe learns linear labels and is at chance on random ones."""

import pytest
import torch

from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.metrics import LinearProbeMetric


def feature_sets(labels_of, sizes=(60, 200), dimensions=6):
    generator = torch.Generator().manual_seed(0)
    sets = []
    for size in sizes:
        features = torch.randn(size, dimensions, generator=generator)
        labels = labels_of(features, generator).tolist()
        sets.append(FeatureSet(features, [dict(kind=label) for label in labels]))
    return sets


def accuracy(queries, gallery, **kwargs):
    return LinearProbeMetric(labels=('kind',), **kwargs)(queries, gallery)['linear/kind/top1']


def by_plane(features, generator):
    return (features @ torch.tensor([3.0, -2, 1, 0, 0, 0]) > 0).long()


def test_labels_split_by_a_plane_are_learnt():
    assert accuracy(*feature_sets(by_plane), inverse_weight_decay=1.0) > 95


def test_random_labels_stay_at_chance():
    sets = feature_sets(lambda x, g: torch.randint(4, (len(x),), generator=g), sizes=(400, 200))
    assert accuracy(*sets) < 36  # chance is 25, five standard errors are 11


def test_three_classes_by_the_largest_coordinate():
    assert accuracy(*feature_sets(lambda x, g: x[:, :3].argmax(1)), inverse_weight_decay=1.0) > 85


def test_the_scale_of_a_dimension_does_not_matter():
    queries, gallery = feature_sets(by_plane)
    plain = accuracy(queries, gallery)
    for features in (queries, gallery):
        features.features[:, 0] = features.features[:, 0] * 1000 + 500
    assert accuracy(queries, gallery) == plain


def test_errors():
    sets = feature_sets(lambda x, g: torch.zeros(len(x)))
    with pytest.raises(ValueError, match="at least two classes of 'kind'"):
        accuracy(*sets)
    with pytest.raises(ValueError, match="no column 'label'"):
        LinearProbeMetric()(*sets)
    with pytest.raises(ValueError, match='inverse_weight_decay must be positive'):
        LinearProbeMetric(inverse_weight_decay=0)
