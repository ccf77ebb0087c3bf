"""Retrieval and kNN against literal loops and scikit-learn."""

import math

import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.functional import nearest_neighbours
from vsslbox.evaluation.metrics import KNNMetric, RetrievalMetric


def feature_set(num_videos, seed, num_classes=4, num_scenes=6):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(num_classes, (num_videos,), generator=generator)
    features = torch.randn(num_videos, 8, generator=generator) + 0.3 * labels[:, None]
    attributes = [
        dict(name=f'{seed}/{i}', label=int(label), scene=f's{i % num_scenes}')
        for i, label in enumerate(labels)
    ]
    return FeatureSet(features, attributes)


def cosine(a, b):
    product = sum(x * y for x, y in zip(a, b, strict=True))
    return product / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def ranked(queries, gallery, leave_out=None):
    """For each query its candidates, the most similar first, as (similarity, attributes)."""
    for feature, own in zip(queries.features.tolist(), queries.attributes, strict=True):
        candidates = [
            (cosine(feature, other), attributes)
            for other, attributes in zip(gallery.features.tolist(), gallery.attributes, strict=True)
            if leave_out is None or attributes[leave_out] != own[leave_out]
        ]
        yield own, sorted(candidates, key=lambda pair: -pair[0])


@pytest.mark.parametrize('leave_out', [None, 'name', 'scene'])
def test_metrics_equal_literal_loops(leave_out):
    queries = feature_set(40, seed=0)
    gallery = queries if leave_out else feature_set(60, seed=1)
    retrieval = RetrievalMetric(topk=(1, 5), leave_out=leave_out)(queries, gallery)
    knn = KNNMetric(k=7, leave_out=leave_out)(queries, gallery)
    recalls, votes_right = {1: 0, 5: 0}, 0
    for own, candidates in ranked(queries, gallery, leave_out):
        for k in recalls:
            recalls[k] += any(other['label'] == own['label'] for _, other in candidates[:k])
        votes = {}
        for similarity, other in candidates[:7]:
            votes[other['label']] = votes.get(other['label'], 0) + math.exp(similarity / 0.07)
        votes_right += max(votes, key=votes.get) == own['label']
    assert retrieval['retrieval/label/R@1'] == pytest.approx(100 * recalls[1] / 40)
    assert retrieval['retrieval/label/R@5'] == pytest.approx(100 * recalls[5] / 40)
    assert retrieval['retrieval/label/unanswerable'] == 0
    assert knn['knn/label/top1'] == pytest.approx(100 * votes_right / 40)


def test_neighbours_equal_scikit_learn():
    queries, gallery = feature_set(50, seed=0).features, feature_set(300, seed=1).features
    similarities, indices = nearest_neighbours(queries, gallery, k=10, chunk_size=16)
    reference = NearestNeighbors(n_neighbors=10, metric='cosine').fit(gallery.numpy())
    distances, expected = reference.kneighbors(queries.numpy())
    assert indices.tolist() == expected.tolist()
    assert torch.allclose(similarities, 1 - torch.tensor(distances).float(), atol=1e-5)


def test_queries_without_a_right_candidate_are_left_out_and_counted():
    gallery = FeatureSet(torch.eye(3), [dict(name=n, label=n) for n in 'aab'])
    queries = FeatureSet(torch.eye(3), [dict(name=n, label=n) for n in 'abz'])
    values = RetrievalMetric(topk=(1,))(queries, gallery)
    assert values == {'retrieval/label/R@1': 50.0, 'retrieval/label/unanswerable': 1}


def test_a_left_out_candidate_never_counts():
    """Each scene has one class, so without candidates of the own scene nothing can be found."""
    attributes = [dict(name=str(i), label=i // 2, scene=i // 2) for i in range(6)]
    videos = FeatureSet(torch.randn(6, 4), attributes)
    values = RetrievalMetric(topk=(1, 5), leave_out='scene')(videos, videos)
    assert values['retrieval/label/unanswerable'] == 6


def test_several_labels_are_judged_apart():
    queries = feature_set(30, seed=0)
    values = RetrievalMetric(labels=('label', 'scene'), topk=(1,), leave_out='name')(
        queries, queries
    )
    assert {'retrieval/label/R@1', 'retrieval/scene/R@1'} < set(values)


def test_unknown_column_is_named():
    queries = feature_set(4, seed=0)
    with pytest.raises(ValueError, match=r"no column 'klass'; it has \['label', 'name', 'scene'\]"):
        RetrievalMetric(labels=('klass',))(queries, queries)
