"""Figures of planted features: what is there is found, and noise is not, at the stated rate."""

import numpy as np
import pytest
import torch

from vsslbox.evaluation import Evaluated, FeatureSet, compare_figures
from vsslbox.evaluation.functional import group_bootstrap_interval, wilson_interval
from vsslbox.evaluation.metrics import KNNMetric, ReportCardMetric, RetrievalMetric
from vsslbox.visualization import findings, verdict

NAME = 'knn/label/top1'


def evaluated(rights):
    rights = torch.tensor(np.asarray(rights, float))
    return Evaluated({NAME: 100 * float(rights.nanmean())}, {NAME: rights})


def compare(own, *others, groups=None):
    """The comparison with other features, all of one kind."""
    (figure,) = compare_figures(
        evaluated(own), dict(random=list(map(evaluated, others))), {NAME: 50.0}, groups
    )
    return figure, figure.comparisons['random']


def flips(total, right):
    return np.arange(total) < right


def test_a_figure_by_hand():
    own, other = flips(40, 30), flips(40, 20)
    figure, comparison = compare(own, other)
    assert (figure.n, figure.value, figure.chance) == (40, 75.0, 50.0)
    assert figure.interval == pytest.approx([100 * end for end in wilson_interval(30, 40)])
    assert (comparison.value, comparison.spread, comparison.difference) == (50.0, None, 25.0)
    assert comparison.p == pytest.approx(2 / 2**10)  # ten gains, no loss
    assert comparison.verdict == 'better'
    assert compare(other, own)[1].verdict == 'worse'
    assert compare(own, own)[1].verdict == 'not distinguishable'


def test_more_is_not_always_better():
    more, less = evaluated(flips(40, 30)), evaluated(flips(40, 10))
    words = {}
    for neutral in ((), [NAME]):
        figures = [
            compare_figures(own, dict(random=[other]), {}, neutral=neutral)[0]
            for own, other in ((more, less), (less, more))
        ]
        words[bool(neutral)] = [verdict(figure) for figure in figures]
    assert words[False] == ['better than random', 'worse than random']
    assert words[True] == ['more than random', 'less than random']


def test_queries_that_do_not_count_are_left_out():
    own, other = (np.where(np.arange(40) < 8, np.nan, flips(40, right)) for right in (40, 20))
    figure, comparison = compare(own, other)
    assert figure.n == 32 and figure.interval == pytest.approx(
        [100 * end for end in wilson_interval(32, 32)]
    )
    assert comparison.value == pytest.approx(100 * 12 / 32)


def test_one_lucky_initialisation_is_enough_for_a_doubt():
    own, unlucky, lucky = flips(60, 45), flips(60, 20), flips(60, 42)
    assert compare(own, unlucky, unlucky)[1].verdict == 'better'
    comparison = compare(own, unlucky, lucky)[1]
    assert comparison.verdict == 'not distinguishable'
    assert comparison.spread == pytest.approx(np.std([100 / 3, 70], ddof=1))
    low, high = comparison.interval
    assert low < 100 * 3 / 60 < comparison.difference < 100 * 25 / 60 < high


def test_groups_weaken_what_few_of_them_say():
    """Four scenes say nothing by a sign test, however many clips each has."""
    own, other = flips(80, 80), flips(80, 0)
    assert compare(own, other)[1].verdict == 'better'
    groups = np.repeat(range(4), 20)
    figure, comparison = compare(own, other, groups=groups)
    assert comparison.p == pytest.approx(2 / 2**4)
    assert comparison.verdict == 'not distinguishable'
    assert figure.interval[0] < 100  # not that of the draws alone, which has no width
    rights = np.random.default_rng(0).random(80) < np.repeat([0.1, 0.9, 0.2, 0.8], 20)
    wide = compare(rights, other, groups=groups)[0].interval
    assert wide == pytest.approx([100 * end for end in group_bootstrap_interval(rights, groups)])


def test_one_group_is_no_comparison():
    figure, comparison = compare(flips(9, 9), flips(9, 0), groups=['a'] * 9)
    assert (figure.interval, comparison.p, comparison.interval) == (None, None, None)
    assert findings([figure], ['label']) == []
    assert comparison.verdict == 'not distinguishable'


def test_values_without_outcomes_are_shown_without_a_verdict():
    found, other = Evaluated({'map': 40.0}, {}), Evaluated({'map': 10.0}, {})
    (figure,) = compare_figures(found, dict(motion=[other]), {})
    assert figure.n is None and figure.interval is None
    assert figure.comparisons['motion'].value == 10
    assert figure.comparisons['motion'].p is None


def planted(rng, strength, labels):
    """Features of noise in which the label has a place of its own."""
    features = rng.normal(size=(len(labels), 16))
    features[np.arange(len(labels)), labels] += strength
    return FeatureSet(
        torch.tensor(features, dtype=torch.float32),
        [dict(name=str(number), label=int(label)) for number, label in enumerate(labels)],
    )


def verdicts(rng, strength):
    """The card of 60 queries and 120 videos against three initialisations of pure noise."""
    labels = rng.integers(4, size=180)
    runs = []
    for own in (strength, 0, 0, 0):
        videos = planted(rng, own, labels)
        card = ReportCardMetric(dict(knn=dict(type='KNNMetric', k=9)))
        card(
            FeatureSet(videos.features[:60], videos.attributes[:60]),
            FeatureSet(videos.features[60:], videos.attributes[60:]),
        )
        runs.append(card.evaluation)
    (figure,) = compare_figures(runs[0], dict(random=runs[1:], colour=runs[1:2]), card.chances())
    return {name: comparison.verdict for name, comparison in figure.comparisons.items()}


@pytest.mark.slow
def test_noise_is_not_distinguishable_at_the_stated_rate():
    """At most 2.5 % of comparisons find noise better, and fewer with several initialisations."""
    rng = np.random.default_rng(0)
    found = [verdicts(rng, strength=0) for _ in range(100)]
    better = {name: sum(one[name] == 'better' for one in found) for name in ('random', 'colour')}
    assert better['colour'] <= 7  # 2.5 expected at most; more has a chance of 0.4 %
    assert better['random'] <= 2


def test_features_that_tell_the_classes_apart_are_better():
    rng = np.random.default_rng(1)
    for _ in range(20):
        assert set(verdicts(rng, strength=8).values()) == {'better'}


@pytest.mark.parametrize('alone', [False, True])
def test_chance_is_that_of_random_features(alone):
    """R@k and kNN of noise, over many draws, against what is said of chance."""
    rng = np.random.default_rng(2)
    labels = np.array([0] * 30 + [1] * 20 + [2] * 10)
    rng.shuffle(labels)
    leave_out = 'name' if alone else None
    metric = RetrievalMetric(topk=(1, 3), leave_out=leave_out)
    recalls = []
    for _ in range(60):
        videos = planted(rng, 0, labels)
        gallery = videos if alone else planted(rng, 0, labels[::-1].copy())
        recalls.append(metric(videos, gallery))
    for name, chance in metric.chance(videos, gallery).items():
        assert chance == pytest.approx(np.mean([values[name] for values in recalls]), abs=2.5)
    # Always the most frequent class.
    assert KNNMetric().chance(videos, gallery) == {NAME: 50.0}


def test_ranks_that_mean_something_for_the_sizes_of_the_classes():
    """With two equal classes R@5 is 97 % by chance; with 30 classes R@50 is 83 %."""
    two = planted(np.random.default_rng(0), 0, np.arange(120) % 2)
    assert [name.split('@')[1] for name in RetrievalMetric(topk=None).outcomes(two, two)] == ['1']
    features = torch.randn(600, 4)
    many = FeatureSet(features, [dict(name=str(i), label=i % 30) for i in range(600)])
    ranks = [name.split('@')[1] for name in RetrievalMetric(topk=None).outcomes(many, many)]
    assert ranks == ['1', '5', '10', '20', '50']
    one = planted(np.random.default_rng(0), 0, np.zeros(20, int))
    assert list(RetrievalMetric(topk=None).outcomes(one, one)) == ['retrieval/label/R@1']
    explicit = RetrievalMetric(topk=(1, 50)).outcomes(two, two)
    assert list(explicit) == ['retrieval/label/R@1', 'retrieval/label/R@50']


def test_videos_that_all_share_a_group_have_no_candidates():
    """Otherwise kNN would be wrong about all of them."""
    attributes = [dict(name=str(i), label=i % 2, scene='a') for i in range(8)]
    videos = FeatureSet(torch.eye(8), attributes)
    protocols = {'knn': dict(type='KNNMetric'), 'retrieval': dict(type='RetrievalMetric')}
    card = ReportCardMetric(protocols, leave_out='scene')
    assert card(videos, videos) == {}
    reason = "all videos have the same 'scene', so that no query has a candidate"
    assert card.impossible == {'knn/label': reason, 'retrieval/label': reason}


def test_intervals_of_means_that_are_no_shares():
    """A bootstrap where queries contribute below 0; Wilson's is the least where they weigh."""
    rng = np.random.default_rng(0)
    contributions = 1 - rng.normal(0, 0.6, 50) ** 2
    interval = compare(contributions, contributions)[0].interval
    ends = group_bootstrap_interval(contributions, range(50))
    assert interval == pytest.approx([100 * end for end in ends])
    weights = np.where(np.arange(40) < 30, 2 / 3, 2.0)  # of two classes, by balanced accuracy
    assert compare(weights * flips(40, 40), weights)[0].interval[1] == 100
    low, high = compare(0 * weights, weights)[0].interval
    assert (low, high) == pytest.approx([100 * end for end in wilson_interval(0, 40)])
    mixed = weights * (np.arange(40) % 2)
    ends = np.array([group_bootstrap_interval(mixed, range(40)), wilson_interval(20, 40)])
    wide = [100 * ends[:, 0].min(), 100 * ends[:, 1].max()]
    assert compare(mixed, weights)[0].interval == pytest.approx(wide)
