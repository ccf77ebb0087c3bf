"""The report's figures and the terminal's table."""

import numpy as np
import pytest
import torch

from vsslbox.evaluation import FeatureSet
from vsslbox.visualization import confusion_matrix, embed, metrics_text, nearest_videos


def test_embedding_keeps_clusters_apart():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    lengths = rng.uniform(0.1, 10, (60, 1))  # only directions count
    features = lengths * (np.eye(8)[labels] + 0.1 * rng.normal(size=(60, 8)))
    chosen, points = embed(features.astype(np.float32), seed=0)
    assert chosen.tolist() == list(range(60))
    distances = np.linalg.norm(points[:, None] - points[None], axis=2) + 1e9 * np.eye(60)
    assert (labels[distances.argmin(axis=1)] == labels).all()
    assert np.array_equal(embed(features.astype(np.float32), seed=0)[1], points)


def test_embedding_of_too_many_features_is_of_a_sample():
    features = np.random.default_rng(0).normal(size=(2100, 3)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('vsslbox.visualization.embedding.MOST_POINTS', 50)
        chosen, points = embed(features, seed=1)
    assert len(set(chosen.tolist())) == 50 and points.shape == (50, 2)


@pytest.mark.parametrize(('number', 'shown'), [(4, 0), (5, 5)])
def test_few_or_equal_features(number, shown):
    chosen, points = embed(np.ones((number, 4), dtype=np.float32), seed=0)
    assert len(chosen) == len(points) == shown
    assert np.isfinite(points).all()


def test_confusion_counts_pairs():
    classes, counts = confusion_matrix([10, 9, 9, 'b'], [9, 9, 10, 'a'])
    assert classes == [9, 10, 'a', 'b']
    assert counts == [[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 0]]
    assert confusion_matrix([1, 2], [1, None]) == ([1, 2, None], [[1, 0, 0], [0, 0, 1], [0, 0, 0]])


def test_table_of_the_terminal():
    metrics = {
        'a': {'x/R@1': 10.04, 'x/unanswerable': 2, 'x/R@5': 12.02},
        'b': {'x/R@1': 12, 'y/top1': 7, 'x/R@5': 12},
    }
    table = metrics_text(metrics, paper={'y/top1': 70.6, 'z': 1})
    assert [line.split() for line in table.splitlines()] == [
        ['a', 'b', 'gain', 'paper'],
        ['x/R@1', '10.0', '12.0', '+2.0', '-'],
        ['x/unanswerable', '2', '-', '-'],
        ['x/R@5', '12.0', '12.0', '+0.0', '-'],
        ['y/top1', '-', '7.0', '-', '70.6'],
    ]


@pytest.mark.parametrize('alone', [True, False])
def test_the_retrievals_shown_leave_out_what_the_metric_does(alone):
    """Of six equal videos in three scenes, four are of another scene than a query's."""
    attributes = [dict(name=str(i), label=i, scene=i // 2) for i in range(6)]
    queries = FeatureSet(torch.ones(6, 2), attributes)
    gallery = queries if alone else FeatureSet(torch.ones(6, 2), attributes)
    picture = np.zeros((2, 2, 3), np.uint8)
    pictures = [lambda index: picture] * 2
    for leave_out, number in (('scene', 4), (None, 5 if alone else 6)):
        for shown in nearest_videos(
            queries, gallery, ['scene'], *pictures, num_hits=9, leave_out=leave_out
        ):
            assert len(shown.hits) == number
            same = [hit for hit in shown.hits if hit.caption == shown.query_caption]
            assert len(same) == number - 4
