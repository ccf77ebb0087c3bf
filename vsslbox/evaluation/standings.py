"""How several methods stand to each other on the same queries."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import fmean

import numpy as np
import torch

from vsslbox.evaluation.figures import LEVEL, Evaluated, Interval, compare_figures
from vsslbox.evaluation.functional import (
    holm_correction,
    mean_interval,
    shared_ranks,
    sign_flip_tests,
)

__all__ = ['Pair', 'Standing', 'Standings', 'compare_methods']

DRAWS = 20000  # of signs, at least


@dataclass(frozen=True)
class Standing:
    """A figure of one method.

    Attributes:
        value: The mean over its runs.
        runs: The value of each run.
        over_queries: The 95 % interval of the value for other queries, of these very runs; None if
            it is no share of queries.
        over_runs: Student's 95 % interval of the mean for other runs, such as other seeds, on these
            very queries; None for a single run.
        rank: Its rank, which methods share that cannot be told apart; None for a figure without
            ranks.
    """

    value: float
    runs: list[float]
    over_queries: Interval | None = None
    over_runs: Interval | None = None
    rank: int | None = None


@dataclass(frozen=True)
class Pair:
    """Two methods on the same queries.

    Attributes:
        first: The name of the better one.
        second: The name of the other one.
        difference: Between their values, in points.
        p: The p-value of the test that they are equal.
        corrected: The same, corrected for the number of pairs.
    """

    first: str
    second: str
    difference: float
    p: float
    corrected: float


@dataclass(frozen=True)
class Standings:
    """How methods stand in one figure.

    Attributes:
        name: The figure, ``PROTOCOL/LABEL/...``.
        n: The number of queries that count; None if it is no share of queries.
        chance: What features without information reach, in percent; None if unknown.
        methods: By name, the best first if they have ranks.
        pairs: All pairs of methods with ranks.
    """

    name: str
    n: int | None
    chance: float | None
    methods: dict[str, Standing]
    pairs: list[Pair] = field(default_factory=list)


def compare_methods(
    methods: Mapping[str, Sequence[Evaluated]],
    chance: Mapping[str, float],
    groups: Sequence[Hashable] | None = None,
    neutral: Collection[str] = (),
) -> list[Standings]:
    """Compare methods in every figure that they have, each pair on the same queries.

    The outcome of a query is the mean over a method's runs. Methods are compared by
    :func:`sign_flip_tests`, with groups by exchanging whole groups, and the p-values of all pairs
    of a figure are corrected by :func:`holm_correction`. At a level of 5 % then
    :func:`shared_ranks` are given. There are none of a figure without outcomes, since nothing says
    which queries it is made of, and of one of which neither more nor less is better.

    Args:
        methods: The evaluations of each method's runs by its name, all on the same queries.
        chance: What features without information reach, by the names of the figures.
        groups: The group of each query; None if each is its own.
        neutral: The figures of which neither more nor less is better.
    """
    names = dict.fromkeys(
        name
        for runs in methods.values()
        for name in runs[0].values
        if not name.endswith('unanswerable')
    )
    return [
        _standings(name, methods, chance.get(name), groups, is_ranked=name not in neutral)
        for name in names
    ]


def _standings(
    name: str,
    methods: Mapping[str, Sequence[Evaluated]],
    chance: float | None,
    groups: Sequence[Hashable] | None,
    is_ranked: bool,
) -> Standings:
    found = {
        method: [run.values[name] for run in runs]
        for method, runs in methods.items()
        if all(name in run.values for run in runs)
    }
    shares = {
        method: torch.stack([run.outcomes[name] for run in methods[method]]).mean(dim=0)
        for method in found
        if all(name in run.outcomes for run in methods[method])
    }
    figures = {}
    for method, own in shares.items():
        drawn = [run.draws[name] for run in methods[method] if name in run.draws]
        draws = {name: torch.stack(drawn).mean(dim=0)} if drawn else {}
        mean = Evaluated({name: fmean(found[method])}, {name: own}, draws)
        (figures[method],) = compare_figures(mean, {}, {}, groups)
    ranked = shares if is_ranked else {}
    pairs = _pairs({method: own.numpy() for method, own in ranked.items()}, groups)
    ranks = _ranks({method: fmean(found[method]) for method in ranked}, pairs)
    standings = {
        method: Standing(
            value=fmean(values),
            runs=values,
            over_queries=figures[method].interval if method in figures else None,
            over_runs=mean_interval(values) if len(values) > 1 else None,
            rank=ranks.get(method),
        )
        for method, values in found.items()
    }
    best_first = sorted(standings, key=lambda method: -standings[method].value)
    return Standings(
        name,
        next((figure.n for figure in figures.values()), None),
        chance,
        {method: standings[method] for method in (best_first if ranks else standings)},
        pairs,
    )


def _pairs(outcomes: Mapping[str, np.ndarray], groups: Sequence[Hashable] | None) -> list[Pair]:
    """Test all pairs of methods by their outcomes, ``[Q]`` each."""
    if len(outcomes) < 2:
        return []
    missing = [np.isnan(own) for own in outcomes.values()]
    if not all((own == missing[0]).all() for own in missing):
        raise ValueError('methods must be compared on the same queries')
    counts = ~missing[0]
    groups = None if groups is None else [g for g, used in zip(groups, counts) if used]
    pairs = [
        tuple(sorted(pair, key=lambda method: -np.nanmean(outcomes[method])))
        for pair in combinations(outcomes, 2)
    ]
    differences = [(outcomes[first] - outcomes[second])[counts] for first, second in pairs]
    # The smallest p-value that draws can give must stay significant after the correction.
    draws = max(DRAWS, round(4 * len(pairs) / LEVEL))
    values = sign_flip_tests(differences, groups, draws)
    corrected = holm_correction(values)
    return [
        Pair(first, second, 100 * float(own.mean()), p, p_corrected)
        for (first, second), own, p, p_corrected in zip(pairs, differences, values, corrected)
    ]


def _ranks(values: Mapping[str, float], pairs: Sequence[Pair]) -> dict[str, int]:
    numbers = {method: number for number, method in enumerate(values)}
    differ = np.zeros((len(values), len(values)), bool)
    for pair in pairs:
        first, second = numbers[pair.first], numbers[pair.second]
        differ[first, second] = differ[second, first] = pair.corrected < LEVEL
    return dict(zip(values, shared_ranks(list(values.values()), differ)))
