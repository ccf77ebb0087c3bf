"""The SVM against scipy's minimiser and LIBLINEAR, and on unusual data."""

import math

import numpy as np
import pytest
import torch
from mmengine.config import Config
from scipy.optimize import minimize
from sklearn.svm import LinearSVC

from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.functional import fit_linear_svm
from vsslbox.evaluation.metrics import (
    LinearSVMMetric,
    LowShotMetric,
    TemporalMetric,
    linear_svm_metric,
)
from vsslbox.preparation.folds import choosing_folds
from vsslbox.registry import METRICS


def gaussians(num_rows=90, num_classes=4, dim=8, noise=2.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    centers = torch.randn(num_classes, dim, generator=torch.Generator().manual_seed(99))
    labels = torch.arange(num_rows) % num_classes
    rows = centers[labels] + noise * torch.randn(num_rows, dim, generator=generator)
    return rows.double(), labels


def objective(w, rows, signs, cost):
    """The objective of one class and its gradient, float64."""
    value, gradient = 0.5 * w @ w, w.copy()
    for x, y in zip(rows, signs, strict=True):
        violation = max(0.0, 1 - y * (w @ x))
        value += cost * violation**2
        gradient -= 2 * cost * violation * y * x
    return value, gradient


def minima(rows, labels, num_classes, cost):
    """The best weights of each class, by scipy, ``[K, F]``."""
    rows = rows.double().numpy()
    weights = []
    for k in range(num_classes):
        signs = np.where(labels.numpy() == k, 1.0, -1.0)
        options = dict(gtol=1e-9, ftol=1e-15, maxiter=5000, maxcor=50)
        best = minimize(
            *(objective, np.zeros(rows.shape[1])),
            args=(rows, signs, cost),
            jac=True,
            method='L-BFGS-B',
            options=options,
        )
        weights.append(best.x)
    return torch.from_numpy(np.stack(weights))


def objectives(weights, rows, labels, cost=1.0):
    """The objective of every class, float64 ``[K]``."""
    weights, rows = weights.double(), rows.double()
    signs = 2.0 * (labels[:, None] == torch.arange(len(weights))) - 1
    losses = (1 - signs * (rows @ weights.T)).clamp(min=0).square().sum(0)
    return 0.5 * weights.square().sum(1) + cost * losses


def accuracy(weights, rows, labels):
    return ((rows.double() @ weights.double().T).argmax(1) == labels).double().mean().item()


@pytest.mark.parametrize('cost', [0.01, 1.0, 30.0])
def test_equals_the_minimum(cost):
    rows, labels = gaussians()
    expected = minima(rows, labels, 4, cost)
    weights = fit_linear_svm(rows, labels, 4, cost, tolerance=1e-14)
    assert weights.dtype == torch.float64
    torch.testing.assert_close(weights, expected, rtol=0, atol=1e-6)
    weights = fit_linear_svm(rows.float(), labels, 4, cost, tolerance=1e-10)
    assert weights.dtype == torch.float32
    torch.testing.assert_close(weights.double(), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize('noise', [0.5, 2.0])
@pytest.mark.parametrize('dual', [True, False])
def test_agrees_with_liblinear(noise, dual):
    """More dimensions than rows of a class; the objective is lower where LIBLINEAR stops early."""
    train = gaussians(600, num_classes=6, dim=60, noise=noise)
    test = gaussians(3000, num_classes=6, dim=60, noise=noise, seed=1)
    peer = LinearSVC(fit_intercept=False, C=0.3, dual=dual, max_iter=20000)
    expected = torch.from_numpy(peer.fit(*(part.numpy() for part in train)).coef_)
    weights = fit_linear_svm(train[0].float(), train[1], 6, cost=0.3)
    ratio = objectives(weights, *train, cost=0.3) / objectives(expected, *train, cost=0.3)
    assert (ratio - 1).abs().max() < 0.005
    assert abs(accuracy(weights, *test) - accuracy(expected, *test)) < 0.003


@pytest.mark.slow
def test_separable_rows_of_many_dimensions():
    """Newton's full steps overshoot here: the set of rows with a loss changes with each."""
    rows, labels = gaussians(100, num_classes=3, dim=200, noise=6.0)
    rows = rows.relu() + 1
    best = objectives(minima(rows, labels, 3, 1.0), rows, labels)
    for dtype, tolerance, precision in ((torch.float32, 1e-4, 1e-3), (torch.float64, 1e-9, 1e-6)):
        weights = fit_linear_svm(rows.to(dtype), labels, 3, tolerance=tolerance)
        assert (objectives(weights, rows, labels) / best - 1).abs().max() < precision


def test_a_class_of_one_row_and_one_of_none():
    rows, labels = gaussians()
    labels[labels == 3] = 0
    labels[7] = 3
    weights = fit_linear_svm(rows, labels, 5, tolerance=1e-14)
    torch.testing.assert_close(weights, minima(rows, labels, 5, 1.0), rtol=0, atol=1e-6)


@pytest.mark.parametrize('scale', [1e-4, 1e4])
def test_the_scale_of_features(scale):
    """Features s times as large are the same problem as a cost s^2 times as large."""
    rows, labels = gaussians()
    expected = fit_linear_svm(rows, labels, 4, cost=scale**2, tolerance=1e-14) / scale
    weights = fit_linear_svm(scale * rows.float(), labels, 4, tolerance=1e-10)
    ours, best = (objectives(w, scale * rows, labels) for w in (weights, expected))
    assert (ours / best - 1).abs().max() < 1e-6
    assert (weights - expected).norm() < 1e-3 * expected.norm()


def test_a_constant_far_from_zero():
    """A mean of 1000 times the deviation makes the solver slow but changes nothing else."""
    rows, labels = gaussians()
    rows = rows + 1000
    weights = fit_linear_svm(rows, labels, 4, tolerance=1e-14)
    best = objectives(minima(rows, labels, 4, 1.0), rows, labels)
    assert (objectives(weights, rows, labels) <= best * (1 + 1e-6)).all()


@pytest.mark.parametrize('kind', ['array', 'mapped', 'half'])
def test_features_may_be_an_array_of_a_file(kind, tmp_path, recwarn):
    rows, labels = gaussians()
    array = rows.numpy().astype(np.float16 if kind == 'half' else np.float32)
    expected = fit_linear_svm(torch.from_numpy(array).float(), labels, 4)
    if kind == 'mapped':
        array.tofile(tmp_path / 'rows.bin')
        array = np.memmap(tmp_path / 'rows.bin', np.float32, 'r', shape=array.shape)
    assert torch.equal(fit_linear_svm(array, labels, 4), expected)
    assert not recwarn.list


@pytest.mark.parametrize('block_size', [1, 7, 90, 1000])
def test_blocks_change_nothing(block_size):
    rows, labels = gaussians()
    expected = fit_linear_svm(rows, labels, 4, tolerance=1e-14)
    weights = fit_linear_svm(rows, labels, 4, tolerance=1e-14, block_size=block_size)
    torch.testing.assert_close(weights, expected, rtol=0, atol=1e-7)


def test_rows_of_zeros():
    weights = fit_linear_svm(torch.zeros(6, 3), torch.arange(6) % 2, 2)
    assert torch.equal(weights, torch.zeros(2, 3))


def test_too_few_steps_give_a_warning():
    rows, labels = gaussians()
    with pytest.warns(UserWarning, match='4 of 4 classes of the SVM have not converged in 1'):
        fit_linear_svm(rows, labels, 4, tolerance=1e-14, max_iter=1)


def test_errors():
    rows, labels = gaussians()
    rows[60, 3] = torch.nan
    with pytest.raises(ValueError, match=r'features of row 60 \(counted from 0\) are not finite'):
        fit_linear_svm(rows, labels, 4, block_size=32)
    rows, _ = gaussians()
    with pytest.raises(ValueError, match='labels must be from 0 to 2, got 0 to 3'):
        fit_linear_svm(rows, labels, 3)
    with pytest.raises(ValueError, match=r'got \[90, 8\] and \[89\]'):
        fit_linear_svm(rows, labels[1:], 4)
    with pytest.raises(ValueError, match='cost must be positive, got 0'):
        fit_linear_svm(rows, labels, 4, cost=0)


def feature_set(rows, labels):
    return FeatureSet(rows.float(), [dict(kind=f'c{label}') for label in labels.tolist()])


def test_metric_is_the_accuracy_of_the_svm():
    train, test = gaussians(), gaussians(400, seed=1)
    sets = feature_set(*test), feature_set(*train)
    weights = minima(*train, 4, 0.5)
    values = LinearSVMMetric(labels=('kind',), cost=0.5, normalize=False)(*sets)
    assert values == {'svm/kind/top1': pytest.approx(100 * accuracy(weights, *test), abs=0.3)}
    units = [(rows / rows.norm(dim=1, keepdim=True), labels) for rows, labels in (train, test)]
    value = LinearSVMMetric(labels=('kind',), cost=1)(*sets)['svm/kind/top1']
    expected = accuracy(minima(*units[0], 4, 1.0), *units[1])
    assert value == pytest.approx(100 * expected, abs=0.3)


def count_rights(rows, labels, cost):
    """How many rows are right when each fifth is classified by the others, by LIBLINEAR."""
    folds = choosing_folds(labels.tolist(), list(range(len(rows))), 5, seed=0)
    assert sorted(n for fold in folds for n in fold.test) == list(range(len(rows)))
    peer = LinearSVC(fit_intercept=False, C=cost, dual=False, tol=1e-6, max_iter=10000)
    return sum(
        int((peer.fit(rows[a], labels[a]).predict(rows[b]) == labels[b].numpy()).sum())
        for a, b in folds
    )


@pytest.mark.parametrize('scale', [1e-16, 1.0, 1e6])
def test_the_gallery_chooses_the_cost_whatever_the_scale(scale):
    """Here more dimensions than rows, where a large cost fits the noise."""
    (rows, labels), test = gaussians(dim=60, noise=4.0), gaussians(400, dim=60, noise=4.0, seed=1)
    units = rows / rows.norm(dim=1, keepdim=True)
    costs = [100.0, 0.01, 1.0]
    rights = [count_rights(units, labels, cost) for cost in costs]
    assert len(set(rights)) == 3  # no two are equally good
    best = costs[int(np.argmax(rights))]
    sets = feature_set(scale * test[0], test[1]), feature_set(scale * rows, labels)
    metric = LinearSVMMetric(labels=('kind',), cost=costs)
    found = metric.predict(*sets, 'kind')
    assert metric.notes() == {'svm/kind': f'of 3 costs, {best:g} won'}
    assert found == LinearSVMMetric(labels=('kind',), cost=best).predict(*sets, 'kind')


@pytest.mark.parametrize('normalize', [True, False])
def test_fewer_rows_than_dimensions(normalize):
    train, test = gaussians(60, dim=200, noise=8.0), gaussians(400, dim=200, noise=8.0, seed=1)
    own = [rows / (rows.norm(dim=1, keepdim=True) if normalize else 1) for rows, _ in (train, test)]
    weights = minima(own[0], train[1], 4, 1.0)
    expected = [f'c{k}' for k in (own[1] @ weights.T).argmax(dim=1).tolist()]
    metric = LinearSVMMetric(labels=('kind',), cost=1, normalize=normalize)
    found = metric.predict(feature_set(*test), feature_set(*train), 'kind')
    assert sum(a != b for a, b in zip(found, expected, strict=True)) <= 1  # tolerance of 1e-4
    assert 120 < sum(a == f'c{k}' for a, k in zip(found, test[1].tolist(), strict=True)) < 380
    train[0][7, 3] = torch.nan
    for cost in (1, [1, 10]):
        metric = LinearSVMMetric(labels=('kind',), cost=cost, normalize=normalize)
        with pytest.raises(ValueError, match=r'row 7 \(counted from 0\) are not finite'):
            metric.predict(feature_set(*test), feature_set(*train), 'kind')


def test_other_queries_with_the_same_gallery_do_not_train_again(monkeypatch):
    train, test = gaussians(), gaussians(40, seed=1)
    gallery, queries = feature_set(*train), feature_set(*test)
    metric = LinearSVMMetric(labels=('kind',))
    found = metric.predict(queries, gallery, 'kind')
    monkeypatch.setattr(linear_svm_metric, 'fit_linear_svm', None)
    assert metric.predict(queries.rows(range(9)), gallery, 'kind') == found[:9]
    with pytest.raises(TypeError):
        metric.predict(queries, feature_set(*train), 'kind')


def test_of_many_videos_one_fold_chooses(monkeypatch):
    rows, labels = gaussians()
    videos = feature_set(rows, labels)
    assert len(LinearSVMMetric(['kind'])._folds(videos, 'kind')) == 5
    monkeypatch.setattr(linear_svm_metric, 'MANY', 89)
    ((train, val),) = LinearSVMMetric(['kind'])._folds(videos, 'kind')
    assert len(train) + len(val) == 90 and 15 <= len(val) <= 21


def test_few_labels_and_treatments_by_an_svm():
    """Other metrics build it without labels, and give it a group for its choice."""
    (rows, labels), test = gaussians(), gaussians(40, seed=1)
    gallery, queries = feature_set(rows, labels), feature_set(*test)
    few = LowShotMetric(['kind'], shots=[5], draws=2, classifier=dict(type='LinearSVMMetric'))
    assert few(queries, gallery)['low_shot/kind/5_per_class'] > 30
    one = LowShotMetric(['kind'], shots=[1], draws=2, classifier=dict(type='LinearSVMMetric'))
    with pytest.raises(ValueError, match='give a single `cost`'):
        one(queries, gallery)
    temporal = TemporalMetric(['kind'], 'scene', classifier=dict(type='LinearSVMMetric'))
    assert temporal._build_classifier('kind').leave_out == 'scene'
    assert temporal.needs_gallery and temporal.divides_gallery


@pytest.mark.parametrize('cost', [True, '1', ['1'], None, math.nan, [1, math.inf], (), {1: 2}, 0])
def test_a_cost_that_is_none(cost):
    with pytest.raises(ValueError, match='cost of LinearSVMMetric must be positive, such as 1 or'):
        LinearSVMMetric(cost=cost)


def test_groups_are_on_one_side_of_the_choice():
    """Copies of a row in its group: a large cost looks good where copies are on both sides."""
    rows, labels = gaussians(40, dim=60, noise=4.0)
    rows, labels = rows.repeat(5, 1).float(), labels.repeat(5)
    entries = [
        dict(kind=f'c{label}', scene=n % 40, name=str(n)) for n, label in enumerate(labels.tolist())
    ]
    videos = FeatureSet(rows, entries)
    metrics = [LinearSVMMetric(('kind',), group, [0.01, 100.0]) for group in ('name', 'scene')]
    for metric in metrics:
        metric.predict(videos, videos, 'kind')
    folds = choosing_folds(labels.tolist(), [n % 40 for n in range(200)], 5, seed=0)
    for train, val in folds:
        assert not {n % 40 for n in train} & {n % 40 for n in val}
    assert [metric.notes()['svm/kind'] for metric in metrics] == [
        'of 2 costs, 100 won',
        'of 2 costs, 0.01 won',
    ]


def test_vclrs_protocol_keeps_the_length_of_features():
    """Its rows of the length 30 are separated by C = 1, which would underfit unit vectors."""
    (evaluator,) = Config.fromfile('configs/vclr/benchmarks/svm_r50_kinetics400.py').test_evaluator
    metric = METRICS.build({**evaluator, 'labels': ['kind']})
    rows, labels = gaussians(200, dim=40, noise=3.0)
    rows = 30 * rows / rows.norm(dim=1, keepdim=True)
    queries, gallery = feature_set(rows[100:], labels[100:]), feature_set(rows[:100], labels[:100])
    weights = minima(rows[:100], labels[:100], 4, 1.0)
    expected = (rows[100:] @ weights.T).argmax(dim=1)
    assert metric.predict(queries, gallery, 'kind') == [f'c{k}' for k in expected.tolist()]
    assert LinearSVMMetric(['kind'], cost=1).predict(queries, gallery, 'kind') != [
        f'c{k}' for k in expected.tolist()
    ]


def test_a_class_that_only_queries_have_is_always_wrong():
    rows, labels = gaussians(noise=0.01)
    queries = feature_set(rows, torch.where(labels == 2, 9, labels))
    gallery = feature_set(rows[labels != 2], labels[labels != 2])
    value = LinearSVMMetric(labels=('kind',))(queries, gallery)['svm/kind/top1']
    assert value == pytest.approx(100 * (labels != 2).double().mean().item())


def test_metric_errors():
    rows, labels = gaussians()
    one = feature_set(rows, torch.zeros_like(labels))
    with pytest.raises(ValueError, match="at least two classes of 'kind'"):
        LinearSVMMetric(labels=('kind',))(one, one)
    with pytest.raises(ValueError, match=r'such as 1 or \[1, 10, 100\], got -1'):
        LinearSVMMetric(cost=-1)
    rows, labels = rows[:4], labels[:4]  # a row a class
    four = feature_set(rows, labels)
    with pytest.raises(ValueError, match=r"no class of 'kind' has two videos.*single `cost`"):
        LinearSVMMetric(labels=('kind',))(four, four)
    assert LinearSVMMetric(labels=('kind',), cost=1)(four, four) == {'svm/kind/top1': 100}
