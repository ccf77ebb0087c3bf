"""Low-shot accuracy: the draws, their mean, and what its interval and verdict say."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.stats import norm

from vsslbox.errors import InputError
from vsslbox.evaluation import Evaluated, FeatureSet, compare_figures
from vsslbox.evaluation.metrics import LinearProbeMetric, LowShotMetric, ReportCardMetric

NEAREST = dict(type='KNNMetric', k=1)


def videos(features, labels, first=0, **columns):
    names = [f'{first + number}.mp4' for number in range(len(labels))]
    columns = dict(columns, kind=labels, name=names)
    attributes = [dict(zip(columns, values)) for values in zip(*columns.values(), strict=True)]
    return FeatureSet(torch.as_tensor(features, dtype=torch.float32), attributes)


def noisy(size, seed, distance, classes=2, dimensions=8):
    """Classes that lie at a distance from the origin, along an axis each, in unit noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(size) % classes
    features = rng.normal(size=(size, dimensions))
    features[np.arange(size), labels] += distance
    return videos(features, labels.tolist(), first=1000 * seed)


def test_it_is_the_mean_of_the_classifier_on_each_draw():
    gallery, queries = noisy(60, 0, 1.5, classes=3), noisy(90, 1, 1.5, classes=3)
    metric = LowShotMetric(labels=('kind',), shots=(1, 4), draws=3)
    values = metric(queries, gallery)
    labels = gallery.column('kind')
    for shots in (1, 4):
        found = []
        for draw in range(3):
            rows, count = [], Counter()
            for number in np.random.default_rng((0, draw)).permutation(60):
                if count[labels[number]] < shots:
                    rows.append(int(number))
                    count[labels[number]] += 1
            probe = LinearProbeMetric(labels=('kind',))
            found.append(probe(queries, gallery.rows(sorted(rows)))['linear/kind/top1'])
        assert values[f'low_shot/kind/{shots}_per_class'] == pytest.approx(np.mean(found))
        note = metric.notes()[f'low_shot/kind/{shots}_per_class']
        assert note.startswith(
            f'the mean of 3 draws, whose standard deviation is {np.std(found, ddof=1):.1f} points'
        )


def test_fewer_labels_are_among_more_and_each_class_has_as_many():
    labels = ['a'] * 30 + ['b'] * 50 + ['c'] * 3
    metric = LowShotMetric()
    for draw in range(5):
        drawn = [set(metric._drawn(labels, shots, draw)) for shots in metric.shots]
        assert all(less < more for less, more in pairwise(drawn))
        for shots, rows in zip(metric.shots, drawn):
            counts = Counter(labels[row] for row in rows)
            assert counts == {'a': shots, 'b': shots, 'c': min(shots, 3)}
    assert metric._drawn(labels, 5, 0) != metric._drawn(labels, 5, 1)


def test_one_label_of_two_gaussian_classes():
    """The nearest of one example a class, in one dimension where all is known.

    Features have the classes at -1 and 1, exactly, and unit noise in the queries alone: whatever
    is drawn, a query is right if its noise does not cross 0.
    """
    rng = np.random.default_rng(0)
    sign = np.where(np.arange(1500) % 2, 1.0, -1.0)
    place = (sign + rng.normal(size=1500)).tolist()
    queries = videos([[v, 0.01] for v in place], (np.arange(1500) % 2).tolist())
    gallery = videos([[s, 0] for s in sign[:40]], (np.arange(40) % 2).tolist(), first=9000)
    metric = LowShotMetric(labels=('kind',), shots=(1, 5), draws=2, classifier=NEAREST)
    for value in metric(queries, gallery).values():
        assert value == pytest.approx(100 * norm.cdf(1), abs=3)  # 84.1; 3 errors are 2.8


def test_noise_is_at_chance_and_more_labels_of_something_are_better():
    gallery, noise = noisy(200, 0, 0, classes=4), noisy(400, 1, 0, classes=4)
    metric = LowShotMetric(labels=('kind',), draws=10)
    values, chance = metric(noise, gallery), metric.chance(noise, gallery)
    assert set(chance.values()) == {25.0} and set(chance) == set(values)
    assert all(abs(value - 25) < 6 for value in values.values())
    gallery, queries = noisy(200, 2, 2, classes=4), noisy(400, 3, 2, classes=4)
    found = list(metric(queries, gallery).values())
    assert found == sorted(found) and found[0] > 35 and found[-1] > 70


def test_classes_with_fewer_videos_are_told_and_whole_galleries_left_out():
    gallery = videos(np.random.default_rng(0).normal(size=(19, 4)), ['a'] * 12 + ['b'] * 7)
    queries = noisy(20, 1, 0)
    queries = videos(queries.features[:, :4], ['a', 'b', 'b', 'z'] * 5, first=100)
    metric = LowShotMetric(labels=('kind',), draws=2)
    assert list(metric(queries, gallery)) == [f'low_shot/kind/{n}_per_class' for n in (1, 2, 5, 10)]
    fewer = 'classes with fewer videos in the gallery, which give all: 1'
    notes = metric.notes()
    assert [fewer in note for note in notes.values()] == [False, False, False, True]
    assert metric.chance(queries, gallery)['low_shot/kind/1_per_class'] == 37.5  # z is unknown
    single = videos(np.eye(3), ['a', 'b', 'c'])
    reason = "no class of 'kind' has more than 1 videos in the gallery"
    assert metric.obstacle(queries, single) == reason


def test_without_a_gallery_other_groups_give_the_labels():
    rng = np.random.default_rng(1)
    scenes = np.arange(120) // 6
    labels = ['run' if scene % 2 else 'walk' for scene in scenes]
    features = rng.normal(size=(20, 64))[scenes] + 0.01 * rng.normal(size=(120, 64))
    queries = videos(features, labels, scene=scenes.tolist())
    found = {}
    for leave_out in (None, 'scene'):
        low = dict(type='LowShotMetric', shots=(20,), draws=2, classifier=NEAREST)
        card = ReportCardMetric(dict(low_shot=low), labels=('kind',), leave_out=leave_out)
        (found[leave_out],) = card(queries, queries).values()
        assert card.evaluation.outcomes['low_shot/kind/20_per_class'].shape == (120,)
        assert card.evaluation.draws['low_shot/kind/20_per_class'].shape == (2,)
    assert found[None] > 85 and found['scene'] < 70


@pytest.mark.slow
def test_the_draws_are_part_of_the_interval_and_of_the_verdict():
    """Equal features whose accuracy differs by draw, on so many queries that these say little."""
    rng = np.random.default_rng(2)
    name = 'low_shot/kind/1_per_class'
    better, of_queries, covered = 0, 0, 0
    for _ in range(100):
        runs = []
        for _ in range(2):
            of_draw = rng.normal(0.6, 0.06, 10)
            hits = torch.from_numpy((rng.random((2000, 10)) < of_draw).astype(float))
            runs.append(Evaluated.of({name: 100 * hits.mean().item()}, {name: hits}))
        (figure,) = compare_figures(runs[0], dict(other=runs[1:]), {name: 50.0})
        comparison = figure.comparisons['other']
        better += comparison.verdict == 'better'
        of_queries += comparison.p < 0.05
        covered += figure.interval[0] < 60 < figure.interval[1]
    assert of_queries > 50  # by the queries alone more than half would differ
    assert better <= 7  # 2.5 expected at most; more has a chance of 0.4 %
    assert covered > 87  # 95 expected


def test_errors():
    for wrong, message in (
        (dict(shots=5), r'such as \(1, 5\), got 5'),
        (dict(shots=(0, 1)), 'must be positive'),
        (dict(draws=1), 'must be 2 or more, got 1'),
        (dict(classifier=dict(type='RetrievalMetric')), 'got RetrievalMetric'),
        (dict(classifier=dict(type='AttentiveProbeMetric')), 'got AttentiveProbeMetric'),
    ):
        with pytest.raises(InputError, match=message):
            LowShotMetric(**wrong)
