"""Retrieval and kNN against literal loops and scikit-learn."""

import math
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.features import like_columns
from vsslbox.evaluation.functional import nearest_neighbours, neighbour_search
from vsslbox.evaluation.metrics import (
    KNNMetric,
    LinearProbeMetric,
    LinearSVMMetric,
    RetrievalMetric,
)


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


def brute_force(queries, gallery, k, query_groups=None, gallery_groups=None):
    """In float64: the definition, with similarities in steps of 2**-24 and ties by place."""
    queries, gallery = queries.double().numpy(), gallery.double().numpy()
    norms = [np.maximum(np.linalg.norm(x, axis=1), 1e-12) for x in (queries, gallery)]
    similarities = (queries / norms[0][:, None]) @ (gallery / norms[1][:, None]).T
    similarities = np.round(similarities * 2**24) / 2**24
    if query_groups is not None:
        similarities[query_groups.numpy()[:, None] == gallery_groups.numpy()] = -np.inf
    order = np.argsort(-similarities, axis=1, kind='stable')[:, :k]
    similarities = np.take_along_axis(similarities, order, axis=1)
    return similarities, np.where(np.isfinite(similarities), order, 0)


def ordinary(generator):
    return torch.randn(900, 24, generator=generator)


def duplicates(generator):
    """More equal candidates than are searched."""
    return torch.randn(3, 24, generator=generator).repeat(300, 1)


def tiny_differences(generator):
    """Closer to each other than bfloat16 or float32 can distinguish."""
    scale = torch.tensor([1e-2, 1e-4, 1e-6]).repeat_interleave(300)[:, None]
    return 1 + scale * torch.randn(900, 24, generator=generator)


def collapsed(generator):
    return torch.zeros(900, 24)


def similarity_grows(generator):
    """Each chunk is better than all before."""
    noise = torch.linspace(1, 0.1, 900)[:, None] * torch.randn(900, 24, generator=generator)
    return 1 + noise


@pytest.mark.parametrize('precision', ['float32', 'bfloat16'])
@pytest.mark.parametrize(
    'make', [ordinary, duplicates, tiny_differences, collapsed, similarity_grows]
)
def test_neighbours_are_exact_whatever_the_sizes(make, precision):
    generator = torch.Generator().manual_seed(0)
    gallery = make(generator)
    queries = gallery[::60] + 1e-3 * torch.randn(15, 24, generator=generator)
    groups = torch.arange(15) % 5, torch.arange(900) % 5
    for own in ((), groups):
        expected, order = brute_force(queries, gallery, 10, *own)
        for sizes in (dict(), dict(block_size=4, chunk_size=128), dict(chunk_size=7)):
            similarities, indices = nearest_neighbours(
                queries, gallery, 10, *own, precision=precision, **sizes
            )
            assert indices.tolist() == order.tolist()
            assert similarities.tolist() == expected.tolist()


@pytest.mark.parametrize('scale', [2.0**-70, 2.0**70])  # 1e-21 and 1e21
@pytest.mark.parametrize('precision', ['float32', 'bfloat16'])
def test_the_scale_of_features_changes_nothing(precision, scale):
    """The similarity is of directions: the squares of 1e-21 are 0 in float32."""
    generator = torch.Generator().manual_seed(0)
    gallery = torch.randn(900, 24, generator=generator) * torch.rand(900, 1, generator=generator)
    queries = gallery[::60] + 0.1 * torch.randn(15, 24, generator=generator)
    expected = nearest_neighbours(queries, gallery, 10, precision=precision)
    found = nearest_neighbours(scale * queries, scale * gallery, 10, precision=precision)
    assert all(torch.equal(*pair) for pair in zip(expected, found, strict=True))


def test_higher_precision_is_used_only_where_needed(monkeypatch):
    searched = []
    find = neighbour_search._find_candidates

    def watch(queries, gallery, count, dtype, *others):
        searched.append((dtype, len(queries)))
        return find(queries, gallery, count, dtype, *others)

    monkeypatch.setattr(neighbour_search, '_find_candidates', watch)
    generator = torch.Generator().manual_seed(0)
    gallery = torch.cat([ordinary(generator), 1 + torch.zeros(300, 24)])
    queries = torch.cat([ordinary(generator)[:5], torch.ones(2, 24)])
    nearest_neighbours(queries, gallery, 1, precision='bfloat16')
    assert searched == [(torch.bfloat16, 7), (torch.float32, 2), (torch.float64, 2)]


@pytest.mark.parametrize('num_candidates', [30, 60])
def test_nothing_is_searched_again_if_all_are_candidates(monkeypatch, num_candidates):
    """Also if queries have fewer candidates than needed, since their own group is left out."""
    searched = []
    find = neighbour_search._find_candidates

    def watch(queries, gallery, count, dtype, *others):
        searched.append(dtype)
        return find(queries, gallery, count, dtype, *others)

    monkeypatch.setattr(neighbour_search, '_find_candidates', watch)
    videos = ordinary(torch.Generator().manual_seed(0))[:num_candidates]
    groups = torch.arange(num_candidates) % 3
    found = nearest_neighbours(videos, videos, 30, groups, groups)
    assert searched == [torch.float32]
    assert found[1].tolist() == brute_force(videos, videos, 30, groups, groups)[1].tolist()


def test_ties_are_ranked_far_into_the_gallery():
    similarities = neighbour_search._make_rankable(
        torch.ones(3, dtype=torch.float64), torch.tensor([2**26 - 1, 2**26, 2**26 + 1])
    )
    assert similarities.diff().lt(0).all()


def test_products_without_onednn_find_the_same(monkeypatch):
    gallery = tiny_differences(torch.Generator().manual_seed(0))
    found = nearest_neighbours(gallery[:9], gallery, 5)
    monkeypatch.setattr(torch.backends.mkldnn, 'is_available', lambda: False)
    plain = nearest_neighbours(gallery[:9], gallery, 5)
    assert [part.tolist() for part in plain] == [part.tolist() for part in found]


@pytest.mark.parametrize('precision', ['float32', 'bfloat16'])
def test_the_error_bound_holds(precision):
    """No exact similarity is above the upper bound of its candidate."""
    generator = torch.Generator().manual_seed(0)
    queries = torch.randn(20, 512, generator=generator)
    gallery = torch.cat(
        [queries + 0.5 * torch.randn(20, 512, generator=generator) for _ in 'abcde']
    )
    found = neighbour_search._find_candidates(
        queries, gallery, 100, getattr(torch, precision), None, None, 64
    )
    units = [F.normalize(rows.double(), dim=1) for rows in (queries, gallery)]
    above = found.highest - (units[0] @ units[1].T).gather(1, found.indices)
    assert above.min() > 0 and above.max() < dict(float32=1e-4, bfloat16=0.01)[precision]


def test_a_gpu_multiplies_in_full_precision(monkeypatch):
    """TF32 exceeds the error bound."""
    matmul, name = torch.backends.cuda.matmul, neighbour_search.FLOAT32
    meanwhile = []
    find = neighbour_search._find_candidates

    def watch(*args):
        meanwhile.append(getattr(matmul, name))
        return find(*args)

    monkeypatch.setattr(neighbour_search, '_find_candidates', watch)
    matmul.allow_tf32 = True
    try:
        nearest_neighbours(torch.eye(3), torch.eye(3), 1)
        assert meanwhile == [neighbour_search.FULL_PRECISION[name]]
        assert matmul.allow_tf32
    finally:
        matmul.allow_tf32 = False


@pytest.mark.parametrize('precision', ['float32', 'bfloat16'])
def test_gallery_may_be_a_file(tmp_path, precision):
    gallery = ordinary(torch.Generator().manual_seed(0))
    gallery.numpy().tofile(tmp_path / 'gallery.bin')
    mapped = torch.from_file(str(tmp_path / 'gallery.bin'), size=gallery.numel()).view(900, 24)
    found = nearest_neighbours(gallery[:9], mapped, 5, precision=precision, chunk_size=100)
    assert found[1].tolist() == brute_force(gallery[:9], gallery, 5)[1].tolist()


def test_queries_with_too_few_candidates():
    videos = torch.eye(4)
    groups = torch.tensor([0, 0, 0, 1])
    similarities, indices = nearest_neighbours(videos, videos, 9, groups, groups)
    assert similarities.isfinite().tolist() == [[True] + [False] * 3] * 3 + [[True] * 3 + [False]]
    assert indices.tolist() == [[3, 0, 0, 0]] * 3 + [[0, 1, 2, 0]]


def test_unknown_precision_is_named():
    with pytest.raises(ValueError, match="got 'half'"):
        nearest_neighbours(torch.eye(2), torch.eye(2), 1, precision='half')


@pytest.mark.parametrize('value', [torch.nan, torch.inf])
def test_rows_that_are_not_finite_are_named(value):
    rows = torch.ones(5, 2)
    broken = rows.index_fill(0, torch.tensor(3), value)
    for name, pair in dict(queries=(broken, rows), gallery=(rows, broken)).items():
        with pytest.raises(ValueError, match=f'row 3 of the {name} .* is not finite'):
            nearest_neighbours(*pair, 1, chunk_size=2, block_size=2)


def test_features_of_other_types():
    gallery = ordinary(torch.Generator().manual_seed(0)).double()
    found = nearest_neighbours(gallery[:9], gallery, 5)
    assert found[1].tolist() == brute_force(gallery[:9], gallery, 5)[1].tolist()


def test_metrics_equal_scikit_learn():
    queries, gallery = feature_set(200, seed=0, num_classes=9), feature_set(900, 1, num_classes=9)
    labels = [np.array(videos.column('label')) for videos in (queries, gallery)]
    rows = [videos.features.numpy() for videos in (queries, gallery)]
    _, near = NearestNeighbors(n_neighbors=5, metric='cosine').fit(rows[1]).kneighbors(rows[0])
    recall = (labels[1][near] == labels[0][:, None]).any(axis=1).mean()
    classifier = KNeighborsClassifier(
        20, metric='cosine', weights=lambda distances: np.exp((1 - distances) / 0.07)
    )
    accuracy = classifier.fit(rows[1], labels[1]).score(rows[0], labels[0])
    for precision in ('float32', 'bfloat16'):
        retrieval = RetrievalMetric(topk=(5,), precision=precision)(queries, gallery)
        knn = KNNMetric(k=20, precision=precision)(queries, gallery)
        assert retrieval['retrieval/label/R@5'] == pytest.approx(100 * recall)
        assert knn['knn/label/top1'] == pytest.approx(100 * accuracy)


def test_metrics_share_a_search(monkeypatch):
    """Another gallery, other candidates or more neighbours need a new search."""
    searched = []

    def watch(queries, gallery, k, *groups, **kwargs):
        searched.append(k)
        return nearest_neighbours(queries, gallery, k, *groups, **kwargs)

    monkeypatch.setattr('vsslbox.evaluation.features.feature_set.nearest_neighbours', watch)
    queries, gallery = feature_set(40, seed=0), feature_set(60, seed=1)
    RetrievalMetric(topk=(1, 30))(queries, gallery)
    KNNMetric(k=20)(queries, gallery)
    assert searched == [30]
    KNNMetric(k=31)(queries, gallery)
    KNNMetric(k=20)(queries, queries)
    KNNMetric(k=20, leave_out='scene')(queries, queries)
    assert searched == [30, 31, 20, 20]


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
    assert values == {'retrieval/label/unanswerable': 6}


def of_files(files, values):
    attributes = [dict(name=name, label=name, scene=value) for name, value in zip('xyz', values)]
    return FeatureSet(torch.eye(3)[: len(files)], attributes, files=files)


@pytest.mark.parametrize('make', [RetrievalMetric, KNNMetric])
def test_a_column_by_which_a_query_finds_itself_is_refused(make):
    """As names do below two folders, of which one holds the other."""
    gallery = of_files(['/v/a.mp4', '/v/b.mp4', '/v/b.mp4'], ['a.mp4', 'b.mp4', 'other'])
    metric = make(leave_out='scene')
    for values in (['v/a.mp4', 'b.mp4'], ['a.mp4', 'b.mp4']):  # the second of b differs
        found = '2' if values[0] == 'v/a.mp4' else '1'
        with pytest.raises(InputError, match=rf"^{found} queries .* another value of 'scene', by"):
            metric(of_files(['/v/a.mp4', '/v/b.mp4'], values), gallery)
    others = of_files(['/v/c.mp4', '/v/a.mp4'], ['c.mp4', 'a.mp4'])
    assert metric(others, gallery)


@pytest.mark.parametrize('leave_out', ['name', None])
def test_a_name_is_that_of_the_file(leave_out):
    """Two lists, or a list and a link in it, may name a file differently."""
    queries = of_files(['/v/a.mp4', '/v/b.mp4', '/v/c.mp4'], '   ')
    again = of_files(['/v/b.mp4', '/v/a.mp4', '/v/a.mp4'], '   ')
    similarities, found = queries.neighbours(again, 3, leave_out)
    candidates = [set(own[kept].tolist()) for own, kept in zip(found, similarities.isfinite())]
    assert candidates == [{0}, {1, 2}, {0, 1, 2}]
    assert (queries.numbers(), again.numbers()) == ([0, 1, 2], [0, 1, 1])


def test_an_integer_is_the_text_of_another_list():
    """Beside '09' a list has the text '10', another list the number."""
    numbers = FeatureSet(torch.eye(2), [dict(label=10, n=1), dict(label=11, n=2)])
    texts = FeatureSet(torch.eye(2), [dict(label='09', n=1), dict(label='10', n=3)])
    for sets in ((numbers, texts), (texts, numbers)):
        alike = like_columns(*sets)
        assert {str(own['label']) for own in sets[0].attributes} == set(alike[0].column('label'))
        assert [own['n'] for own in alike[0].attributes] == [own['n'] for own in sets[0].attributes]
        values = RetrievalMetric(topk=(2,))(*alike)
        assert values == {'retrieval/label/R@2': 100, 'retrieval/label/unanswerable': 1}
    assert like_columns(numbers, numbers)[0] is numbers


def test_segments_of_a_file_may_have_values_of_their_own():
    attributes = [dict(name=f'a.mp4[{n}:{n + 1}]', label='x', scene=n) for n in range(3)]
    videos = FeatureSet(torch.eye(3), attributes, files=['/v/a.mp4'] * 3)
    values = RetrievalMetric(topk=(1,), leave_out='scene')(videos, videos)
    assert values == {'retrieval/label/R@1': 100, 'retrieval/label/unanswerable': 0}


def test_a_query_without_candidates_has_no_class():
    attributes = [dict(name=name, label='a', scene=name > 'q') for name in 'pqr']
    gallery = FeatureSet(torch.eye(3)[:2], attributes[:2])
    queries = FeatureSet(torch.eye(3), attributes)
    knn = KNNMetric(leave_out='scene')
    assert knn.predict(queries, gallery, 'label') == [None, None, 'a']
    assert knn(queries, gallery) == {'knn/label/top1': pytest.approx(100 / 3)}


def test_several_labels_are_evaluated_separately():
    queries = feature_set(30, seed=0)
    values = RetrievalMetric(labels=('label', 'scene'), topk=(1,), leave_out='name')(
        queries, queries
    )
    assert {'retrieval/label/R@1', 'retrieval/scene/R@1'} < set(values)


def test_unknown_column_is_named():
    queries = feature_set(4, seed=0)
    with pytest.raises(ValueError, match=r"no column 'klass'; it has \['label', 'name', 'scene'\]"):
        RetrievalMetric(labels=('klass',))(queries, queries)


@pytest.mark.parametrize('name', ['label', 'scene'])
def test_videos_without_a_value_are_named(name):
    queries = feature_set(4, seed=0)
    queries.attributes[2] = {**queries.attributes[2], name: ' '}
    with pytest.raises(ValueError, match=f"'{name}' .* is empty for 1 of 4 .* for 0/2: fill"):
        RetrievalMetric(leave_out='scene')(queries, queries)


@pytest.mark.parametrize('metric', [RetrievalMetric, KNNMetric, LinearProbeMetric, LinearSVMMetric])
@pytest.mark.parametrize(
    ('labels', 'example'), [('motion', "['motion']"), (5, "['label']"), ([5], "['label']")]
)
def test_labels_must_be_a_list_of_columns(metric, labels, example):
    message = f'`labels` of {metric.__name__} must be a list, such as {example}, got {labels!r}'
    with pytest.raises(InputError, match=re.escape(message)):
        metric(labels=labels)


@pytest.mark.parametrize('topk', [(), (0, 5), 5])
def test_topk_is_checked_before_anything_is_extracted(topk):
    with pytest.raises(ValueError, match='topk of RetrievalMetric must be positive integers'):
        RetrievalMetric(topk=topk)
