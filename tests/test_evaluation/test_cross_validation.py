"""Protocols that train have a result without a gallery: by other groups than that of a query."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.metrics import FeatureMetric, ReportCardMetric
from vsslbox.preparation.folds import group_folds
from vsslbox.registry import METRICS

LINEAR = dict(linear=dict(type='LinearProbeMetric'))


def videos(features, labels, scenes):
    attributes = [
        dict(name=f'{number}.mp4', label=label, scene=scene)
        for number, (label, scene) in enumerate(zip(labels, scenes, strict=True))
    ]
    return FeatureSet(torch.as_tensor(features, dtype=torch.float32), attributes)


def evaluate(queries, protocols=LINEAR, **options):
    card = ReportCardMetric(protocols, **options)
    return card, card(queries, queries)


@pytest.mark.parametrize('leave_out', [None, 'scene'])
def test_it_is_the_mean_of_three_cross_validations(leave_out):
    rng = np.random.default_rng(0)
    labels = ['run', 'walk'] * 30
    scenes = [f's{number // 4}' for number in range(60)]
    shift = np.where(np.array(labels) == 'run', 0.5, -0.5)
    features = (rng.normal(size=(60, 8)) + shift[:, None]).astype(np.float32)
    rights = np.zeros(60)
    for seed in range(3):
        for train, test in group_folds(labels, scenes if leave_out else None, 5, seed):
            probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
            probe.fit(features[train], [labels[n] for n in train])
            rights[test] += probe.predict(features[test]) == [labels[n] for n in test]
    card, values = evaluate(videos(features, labels, scenes), leave_out=leave_out)
    outcomes = card.evaluation.outcomes['linear/label/top1']
    assert outcomes.tolist() == pytest.approx((rights / 3).tolist())
    assert values['linear/label/top1'] == pytest.approx(100 * rights.mean() / 3)


def test_a_feature_that_knows_the_scene_alone_does_not_help():
    """A random division finds the class of a scene by its other videos, one by scenes does not."""
    rng = np.random.default_rng(1)
    scenes = np.arange(120) // 6
    labels = ['run' if scene % 2 else 'walk' for scene in scenes]
    features = rng.normal(size=(20, 64))[scenes] + 0.01 * rng.normal(size=(120, 64))
    queries = videos(features, labels, [f's{scene}' for scene in scenes])
    assert evaluate(queries)[1]['linear/label/top1'] == 100
    assert evaluate(queries, leave_out='scene')[1]['linear/label/top1'] < 75


def test_a_class_of_too_few_groups_is_the_reason():
    labels = ['run'] * 40 + ['walk'] * 4
    queries = videos(np.random.default_rng(2).normal(size=(44, 4)), labels, ['s'] * 44)
    card, values = evaluate(queries)
    assert values == {}
    assert card.impossible['linear/label'] == (
        "there is no gallery to train on, and the class 'walk' has 4 groups or videos, which do "
        'not suffice for 5 folds: use fewer, or leave the class out'
    )


class TrainedMetric(FeatureMetric):
    """Trains, and does not tell what each query contributes."""

    needs_gallery = True

    def __call__(self, queries, gallery):
        raise AssertionError('it would train on what it is tested on')


def test_what_does_not_tell_the_queries_apart_is_not_cross_validated(monkeypatch):
    monkeypatch.setitem(METRICS.module_dict, 'TrainedMetric', TrainedMetric)
    queries = videos(np.eye(40), ['run', 'walk'] * 20, range(40))
    card, values = evaluate(queries, dict(trained=dict(type='TrainedMetric')))
    assert values == {}
    assert card.impossible == {
        'trained/label': 'there is no gallery to train on, and without `outcomes` no '
        'cross-validation'
    }
