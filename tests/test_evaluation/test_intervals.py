"""Intervals of shares against published values and the coverage that they promise."""

import numpy as np
import pytest

from vsslbox.evaluation.functional import group_bootstrap_interval, wilson_interval


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
