"""The figures of an evaluation, each with what it takes to believe it."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, stdev
from typing import Literal

import numpy as np
from torch import Tensor

from vsslbox.evaluation.functional import (
    group_bootstrap_interval,
    sign_flip_test,
    widened_interval,
    wilson_interval,
)

__all__ = ['Comparison', 'Evaluated', 'Figure', 'compare_figures']

LEVEL = 0.05  # of the tests, two-sided

Interval = tuple[float, float]


@dataclass
class Evaluated:
    """What an evaluation of some features found.

    Attributes:
        values: The values by name.
        outcomes: What each query contributes to those that are shares of queries, ``[Q]``; NaN for
            one that does not count.
        draws: The shares themselves after each of several random draws, ``[D]``, of those that are
            means over draws; ``outcomes`` has the means of each query.
    """

    values: Mapping[str, float]
    outcomes: Mapping[str, Tensor]
    draws: Mapping[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, float], outcomes: Mapping[str, Tensor]) -> 'Evaluated':
        """Separate the draws from the queries.

        Args:
            values: The values by name.
            outcomes: ``[Q]``, or ``[Q, D]`` after each of D draws.
        """
        drawn = {name: rights for name, rights in outcomes.items() if rights.ndim == 2}
        means = {name: rights.nanmean(dim=1) for name, rights in drawn.items()}
        draws = {name: rights.nanmean(dim=0) for name, rights in drawn.items()}
        return cls(values, {**outcomes, **means}, draws)


@dataclass(frozen=True)
class Comparison:
    """A figure against the same figure of other features, on the same queries.

    Attributes:
        value: The mean of the others, in percent.
        spread: Their standard deviation; None for a single one.
        difference: The figure less that mean, in points; None if it cannot be tested.
        interval: The 95 % interval of the difference; of several, the hull.
        p: The p-value of the test that they are equal on these random draws, if there are any; of
            several others, the largest.
        verdict: ``'better'`` or ``'worse'`` only if that is significant against each of them, and
            all of the interval is on that side.
    """

    value: float
    spread: float | None = None
    difference: float | None = None
    interval: Interval | None = None
    p: float | None = None
    verdict: Literal['better', 'worse', 'not distinguishable'] = 'not distinguishable'


@dataclass(frozen=True)
class Figure:
    """A value of an evaluation.

    Attributes:
        name: ``PROTOCOL/LABEL/...``.
        value: In percent.
        n: The number of queries that count; None if the metric does not tell them apart.
        interval: The 95 % interval of the value; None if unknown, as of videos of one group.
        chance: What features without information reach, in percent; None if unknown.
        comparisons: By the names of the other features.
        is_neutral: Whether neither more nor less is better.
    """

    name: str
    value: float
    n: int | None = None
    interval: Interval | None = None
    chance: float | None = None
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    is_neutral: bool = False


def compare_figures(
    found: Evaluated,
    others: Mapping[str, Sequence[Evaluated]],
    chance: Mapping[str, float],
    groups: Sequence[Hashable] | None = None,
    neutral: Collection[str] = (),
) -> list[Figure]:
    """Compare the figures of some features with those of others on the same queries.

    The interval of a figure is Wilson's. With groups, or queries of unequal weight, it is that of a
    bootstrap over groups or queries, but never narrower than Wilson's, which few groups would give.
    That of a mean with negative contributions, such as R^2, is bootstrapped alone. Means over
    random draws have intervals that are wider by what the draws leave open; other features are
    compared by the same draws. Differences are tested by :func:`sign_flip_test`, and their
    intervals are bootstrapped over queries or groups.

    Args:
        found: The features.
        others: Other features by name, such as several random initialisations.
        chance: What features without information reach, by the names of the values.
        groups: The group of each query; None if each is its own.
        neutral: The values of which neither more nor less is better.
    """
    return [
        replace(_figure(name, found, others, chance.get(name), groups), is_neutral=name in neutral)
        for name in found.values
        if not name.endswith('unanswerable')
    ]


def _figure(
    name: str,
    found: Evaluated,
    others: Mapping[str, Sequence[Evaluated]],
    chance: float | None,
    groups: Sequence[Hashable] | None,
) -> Figure:
    value = found.values[name]
    if name not in found.outcomes:
        values = {other: [run.values[name] for run in runs] for other, runs in others.items()}
        comparisons = {
            other: Comparison(fmean(of_runs), _spread(of_runs)) for other, of_runs in values.items()
        }
        return Figure(name, value, chance=chance, comparisons=comparisons)
    counts = ~found.outcomes[name].isnan().numpy()
    own = found.outcomes[name].numpy()[counts]
    groups = None if groups is None else [g for g, used in zip(groups, counts) if used]
    draws = found.draws.get(name)
    comparisons = {
        other: _compare(
            own,
            [run.outcomes[name].numpy()[counts] for run in runs],
            groups,
            None if draws is None else [draws - run.draws[name] for run in runs],
        )
        for other, runs in others.items()
    }
    interval = _interval(own, groups, draws)
    return Figure(name, value, len(own), interval, chance, comparisons)


def _interval(
    rights: np.ndarray, groups: Sequence[Hashable] | None, draws: Tensor | None
) -> Interval | None:
    units = range(len(rights)) if groups is None else groups
    if len(set(units)) < 2 and (groups is not None or rights.min() < 0):
        return None
    if rights.min() < 0:  # no share
        low, high = group_bootstrap_interval(rights, units)
        return 100 * low, 100 * high
    low, high = wilson_interval(min(rights.sum(), len(rights)), len(rights))
    if groups is not None or rights.max() > 1:
        drawn = group_bootstrap_interval(rights, units)
        low, high = min(low, drawn[0]), min(max(high, drawn[1]), 1)
    if draws is not None:
        low, high = widened_interval((low, high), rights.mean(), draws.numpy())
        low, high = max(low, 0), min(high, 1)
    return 100 * low, 100 * high


def _compare(
    own: np.ndarray,
    others: list[np.ndarray],
    groups: Sequence[Hashable] | None,
    of_draws: list[Tensor] | None,
) -> Comparison:
    """Compare outcomes with others; ``of_draws`` has the differences of each draw."""
    values = [100 * float(rights.mean()) for rights in others]
    units = range(len(own)) if groups is None else groups
    if len(set(units)) < 2:
        return Comparison(fmean(values), _spread(values))
    differences = [own - rights for rights in others]
    p = max(sign_flip_test(difference, units) for difference in differences)
    ends = [group_bootstrap_interval(difference, units) for difference in differences]
    if of_draws is not None:
        ends = [
            widened_interval(interval, difference.mean(), draws.numpy())
            for interval, difference, draws in zip(ends, differences, of_draws)
        ]
    low, high = 100 * min(low for low, _ in ends), 100 * max(high for _, high in ends)
    verdict: Literal['better', 'worse', 'not distinguishable'] = 'not distinguishable'
    if p < LEVEL and (low > 0 or high < 0):
        verdict = 'better' if low > 0 else 'worse'
    difference = 100 * float(own.mean()) - fmean(values)
    return Comparison(fmean(values), _spread(values), difference, (low, high), p, verdict)


def _spread(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None
