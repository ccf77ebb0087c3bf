"""Intervals of shares against published values and the coverage that they promise."""

from itertools import product
from math import comb

import numpy as np
import pytest
from scipy.stats import chi2

from vsslbox.evaluation.functional import (
    group_bootstrap_interval,
    mean_interval,
    sign_flip_test,
    sign_flip_tests,
    widened_interval,
    wilson_interval,
)


@pytest.mark.parametrize(
    ('hits', 'n', 'low', 'high'),
    [  # by the formula with z = 1.959964, to four digits
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, table I
        (15, 148, 0.0624, 0.1605),  # the same
    ],
)
def test_wilson(hits, n, low, high):
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=6e-5)


def test_the_interval_of_groups_covers_a_level_of_draws():
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(200):
        rates = rng.beta(4, 4, size=60)  # of the groups, 0.5 on average
        groups = np.repeat(np.arange(60), 5)
        right = rng.random(300) < rates[groups]
        low, high = group_bootstrap_interval(right, groups, draws=500, seed=seed)
        covered += low <= 0.5 <= high
    assert 0.90 <= covered / 200 <= 0.99


def test_equal_samples_within_groups_widen_the_interval():
    right = np.tile([True, False], 50)
    alone = group_bootstrap_interval(right, range(100))
    in_tens = group_bootstrap_interval(np.sort(right), np.repeat(range(10), 10))
    assert in_tens[1] - in_tens[0] > 2 * (alone[1] - alone[0])


def test_no_group_is_no_interval():
    with pytest.raises(ValueError, match='two groups or more'):
        group_bootstrap_interval([True, False], ['a', 'a'])
    with pytest.raises(ValueError, match='n >= 1'):
        wilson_interval(0, 0)


def test_the_interval_is_that_of_literal_draws():
    """Of unequal groups, within the noise of two sets of draws."""
    rng = np.random.default_rng(0)
    groups = rng.integers(12, size=80)
    values = rng.integers(-1, 2, size=80)
    found = group_bootstrap_interval(values, groups, draws=20000)
    means = []
    for _ in range(20000):
        drawn = rng.integers(12, size=12)
        taken = np.concatenate([values[groups == group] for group in drawn])
        means.append(taken.mean())
    assert found == pytest.approx(np.percentile(means, [2.5, 97.5]), abs=0.01)


@pytest.mark.parametrize(('gains', 'losses'), [(0, 0), (5, 0), (9, 2), (3, 11), (40, 25)])
def test_mcnemar(gains, losses):
    """The two-sided binomial test of the queries on which two results differ."""
    total = gains + losses
    tail = sum(comb(total, count) for count in range(min(gains, losses) + 1)) / 2**total
    differences = [1] * gains + [-1] * losses + [0] * 30
    assert sign_flip_test(differences) == pytest.approx(min(1, 2 * tail))


def test_many_differences_follow_the_chi_squared_form():
    p = sign_flip_test([1] * 230 + [-1] * 180)
    assert p == pytest.approx(chi2.sf((50 - 1) ** 2 / 410, 1), rel=0.02)


@pytest.mark.parametrize('number', [7, 13, 16])
def test_all_signs_of_groups(number):
    """Tried by the test up to 14 groups, drawn beyond."""
    rng = np.random.default_rng(number)
    groups = np.repeat(np.arange(number), 3)
    differences = rng.integers(-1, 2, size=3 * number) + (np.arange(3 * number) % 5 == 0)
    sums = np.array([differences[groups == group].sum() for group in range(number)])
    signs = np.array(list(product((-1, 1), repeat=number)))
    expected = (abs(signs @ sums) >= abs(sums.sum())).mean()
    assert sign_flip_test(differences, groups) == pytest.approx(expected, abs=0.012)
    if number < 14:
        assert sign_flip_test(differences, groups) == expected


def test_pairs_are_tested_together_as_one_by_one():
    """Exact ones, enumerated ones, and drawn ones, of which all signs are counted here."""
    rng = np.random.default_rng(0)
    thirds = rng.integers(-3, 4, size=(4, 18)) / 3
    few = np.where(np.arange(18) < 9, rng.normal(size=18), 0)
    pairs = [*thirds, few, np.sign(thirds[0]), np.zeros(18)]
    found = sign_flip_tests(pairs, draws=50_000)
    assert found == [sign_flip_test(pair, draws=50_000) for pair in pairs]
    signs = 1 - 2 * (np.arange(2**18)[:, None] >> np.arange(18) & 1)
    for pair, p in zip(pairs, found):
        as_far = abs(signs @ pair) >= abs(pair.sum()) - 1e-9
        assert p == pytest.approx(as_far.mean(), abs=0.008)
    assert found[-1] == 1
    assert sign_flip_tests([]) == []


def test_one_group_shows_nothing():
    assert sign_flip_test([1] * 50, ['a'] * 50) == 1
    with pytest.raises(ValueError, match='a group for each sample'):
        sign_flip_test([1, 0], ['a'])


def test_mean_of_few_values():
    """A table of Student's t has 4.303 for 2 degrees of freedom; the sample's deviation is 2."""
    low, high = mean_interval([1.0, 3.0, 5.0])
    assert (low, high) == pytest.approx((3 - 4.303 * 2 / 3**0.5, 3 + 4.303 * 2 / 3**0.5), abs=1e-3)
    with pytest.raises(ValueError, match='two values or more, got 1'):
        mean_interval([1.0])


def test_draws_widen_an_interval_by_the_sum_of_squares():
    """Student's half-width of 3, 4, 5 is 4.3027 / sqrt(3) = 2.4842."""
    low, high = widened_interval((3.0, 6.0), 4.0, [3.0, 4.0, 5.0])
    assert (low, high) == pytest.approx((4 - 2.6779, 4 + 3.1892), abs=1e-4)
