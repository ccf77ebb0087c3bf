"""Ranks that methods share, on planted outcomes; Holm's correction against its definition."""

from itertools import product

import numpy as np
import pytest
import torch
from scipy.stats import binomtest, t

from vsslbox.evaluation import Evaluated, compare_methods, standings
from vsslbox.evaluation.functional import (
    group_bootstrap_interval,
    holm_correction,
    shared_ranks,
    sign_flip_test,
    wilson_interval,
)

NAME = 'knn/action/top1'


def evaluated(rights, **measures):
    rights = torch.as_tensor(rights, dtype=torch.float64)
    values = {NAME: 100 * rights.nanmean().item(), **measures}
    return Evaluated(values, {NAME: rights})


def hits(count, of=200):
    """The first queries are right, so that methods differ by whole blocks of queries."""
    return [number < count for number in range(of)]


def test_holm_by_hand():
    # Sorted: 0.01 x 4, 0.02 x 3, 0.03 x 2, 0.005 x 1 is not: 0.04 x 1 stays at least 0.06.
    assert holm_correction([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm_correction([0.5, 0.9]) == [1.0, 1.0]
    assert holm_correction([]) == []


def test_holm_rejects_what_its_steps_reject():
    """Against the procedure as it is published: step down while p <= level / (m - i + 1)."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        p_values = rng.random(7) ** 4
        rejected = set()
        for step, number in enumerate(sorted(range(7), key=lambda i: p_values[i])):
            if p_values[number] > 0.05 / (7 - step):
                break
            rejected.add(number)
        corrected = holm_correction(p_values)
        assert {number for number in range(7) if corrected[number] <= 0.05} == rejected


@pytest.mark.parametrize(
    ('values', 'apart', 'ranks'),
    [
        ([70, 90, 80], [], [1, 1, 1]),
        ([70, 90, 80], [(0, 1), (0, 2), (1, 2)], [3, 1, 2]),
        ([70, 90, 80], [(0, 1), (0, 2)], [3, 1, 1]),
        ([90, 80, 70], [(0, 2)], [1, 1, 3]),  # the second is told from neither
        ([90, 80, 70], [(0, 1)], [1, 3, 1]),  # what cannot be told from the best shares its rank
        ([90, 80, 70, 60], [(0, 1), (0, 2), (0, 3), (1, 3)], [1, 2, 2, 4]),
        ([], [], []),
    ],
)
def test_methods_that_cannot_be_told_apart_share_a_rank(values, apart, ranks):
    differ = np.zeros((len(values), len(values)), bool)
    for first, second in apart:
        differ[first, second] = differ[second, first] = True
    assert shared_ranks(values, differ) == ranks


def test_planted_methods_get_their_ranks():
    """Two nearly equal ones at the top, one clearly behind, two at the bottom."""
    planted = dict(low=hits(41), top=hits(160), middle=hits(100), near=hits(157), floor=hits(40))
    (found,) = compare_methods(
        {name: [evaluated(rights)] for name, rights in planted.items()}, {NAME: 25.0}
    )
    assert (found.name, found.n, found.chance) == (NAME, 200, 25.0)
    assert {name: own.rank for name, own in found.methods.items()} == dict(
        top=1, near=1, middle=3, low=4, floor=4
    )
    assert list(found.methods) == ['top', 'near', 'middle', 'low', 'floor']
    # McNemar's exact test of each pair: all queries with a difference are on one side.
    p_values = [
        binomtest(0, sum(planted[pair.first]) - sum(planted[pair.second])).pvalue
        for pair in found.pairs
    ]
    assert len(p_values) == 10
    for pair, p, own in zip(found.pairs, p_values, holm_correction(p_values)):
        assert (pair.p, pair.corrected) == pytest.approx((p, own))
        counts = sum(planted[pair.first]), sum(planted[pair.second])
        assert pair.difference == pytest.approx((counts[0] - counts[1]) / 2)


def test_correction_counts_the_pairs():
    """A difference that one comparison would show is not shown among many."""
    two = dict(a=hits(107), b=hits(100))  # p = 2 / 2^7 = 0.0156
    many = two | {f'c{number}': hits(100) for number in range(4)}
    for methods, ranks in ((two, {1, 2}), (many, {1})):
        (found,) = compare_methods({name: [evaluated(own)] for name, own in methods.items()}, {})
        assert {own.rank for own in found.methods.values()} == ranks


def test_equal_methods_are_rarely_told_apart():
    """Of 200 leaderboards of 5 equal methods at most 5 % may have two ranks; 16 is their bound."""
    rng, apart = np.random.default_rng(0), 0
    for _ in range(200):
        methods = {str(number): [evaluated(rng.random(40) < 0.5)] for number in range(5)}
        (found,) = compare_methods(methods, {})
        apart += any(own.rank > 1 for own in found.methods.values())
    assert apart <= 16  # 95 % quantile of a binomial of 200 at 5 %


def test_many_methods_can_still_be_told_apart(monkeypatch):
    """However few signs are drawn otherwise, there are enough for the correction of all pairs."""
    monkeypatch.setattr(standings, 'DRAWS', 20)
    rng = np.random.default_rng(0)
    methods = {}
    for number in range(6):
        count = 140 if number % 2 else 40
        # Means over two runs take three values, of which signs are drawn.
        methods[str(number)] = [evaluated(hits(count)), evaluated(rng.permutation(200) < count)]
    (found,) = compare_methods(methods, {})
    assert {name: own.rank for name, own in found.methods.items()} == {
        str(number): 1 if number % 2 else 4 for number in range(6)
    }


def test_groups_are_exchanged_whole():
    """40 of 200 queries more, but all in two of ten scenes: that shows nothing of scenes."""
    scenes = [number // 20 for number in range(200)]
    methods = dict(more=[evaluated(hits(140))], less=[evaluated(hits(100))])
    (alone,) = compare_methods(methods, {})
    (grouped,) = compare_methods(methods, {}, scenes)
    assert [own.rank for own in alone.methods.values()] == [1, 2]
    assert [own.rank for own in grouped.methods.values()] == [1, 1]
    signs = list(product((1, -1), repeat=2))
    literal = sum(abs(20 * a + 20 * b) >= 40 for a, b in signs) / len(signs)
    assert grouped.pairs[0].p == pytest.approx(literal) == 0.5
    assert grouped.pairs[0].p == sign_flip_test(
        np.subtract(hits(140), hits(100), dtype=float), scenes
    )
    low, high = grouped.methods['more'].over_queries
    by_group = group_bootstrap_interval(hits(140), scenes)
    assert (low, high) == pytest.approx((100 * by_group[0], 100 * by_group[1]))


def test_both_intervals_are_what_they_are_called():
    counts = (120, 130, 140)
    (found,) = compare_methods(dict(method=[evaluated(hits(count)) for count in counts]), {})
    own = found.methods['method']
    assert own.runs == pytest.approx([60, 65, 70]) and own.value == pytest.approx(65)
    low, high = wilson_interval(sum(counts) / 3, 200)
    assert own.over_queries == pytest.approx((100 * low, 100 * high))
    half = t.ppf(0.975, 2) * 5 / 3**0.5
    assert own.over_runs == pytest.approx((65 - half, 65 + half))
    (found,) = compare_methods(dict(method=[evaluated(hits(120))]), {})
    assert found.methods['method'].over_runs is None


def test_queries_that_do_not_count_are_left_out():
    rights = [*hits(10, 20), *[np.nan] * 5]
    (found,) = compare_methods(dict(a=[evaluated(rights)], b=[evaluated(rights)]), {})
    assert found.n == 20 and found.methods['a'].value == 50


def test_other_queries_are_refused():
    one, other = [1.0, np.nan, 0.0], [1.0, 0.0, np.nan]
    with pytest.raises(ValueError, match='same queries'):
        compare_methods(dict(a=[evaluated(one)], b=[evaluated(other)]), {})


def test_values_without_outcomes_have_no_ranks():
    methods = {
        name: [evaluated(hits(100), **{'order/action/drop': value}) for value in values]
        for name, values in dict(a=(1.0, 3.0), b=(8.0, 9.0)).items()
    }
    _, found = compare_methods(methods, {})
    assert found.name == 'order/action/drop' and found.n is None and found.pairs == []
    assert [(own.value, own.rank, own.over_queries) for own in found.methods.values()] == [
        (2.0, None, None), (8.5, None, None)
    ]  # fmt: skip
    assert found.methods['a'].over_runs is not None


def test_neutral_figures_have_intervals_but_no_ranks():
    methods = dict(a=[evaluated(hits(100))], b=[evaluated(hits(150))])
    (found,) = compare_methods(methods, {}, neutral=[NAME])
    assert found.n == 200 and found.pairs == [] and list(found.methods) == ['a', 'b']
    assert all(own.rank is None and own.over_queries for own in found.methods.values())


def test_a_method_without_a_figure_is_left_out_of_it():
    other = Evaluated({}, {})
    (found,) = compare_methods(dict(a=[evaluated(hits(5))], b=[other]), {})
    assert list(found.methods) == ['a'] and found.methods['a'].rank == 1
