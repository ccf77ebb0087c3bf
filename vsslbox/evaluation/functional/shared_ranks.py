"""Ranks of several results of which not all can be told apart."""

from collections.abc import Sequence

import numpy as np

__all__ = ['holm_correction', 'shared_ranks']


def holm_correction(p_values: Sequence[float]) -> list[float]:
    """Correct the p-values of several tests, of which any may be false.

    With corrected values below a level, the probability of even one false rejection is below that
    level, however the tests depend on each other.

    Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure" (1979): the i-th
    smallest of m p-values is multiplied by m - i + 1, and is at least as large as the one before.

    Args:
        p_values: The p-value of each test.

    Returns:
        The corrected ones, in the same order.
    """
    values = np.asarray(p_values, float)
    order = values.argsort(kind='stable')
    raised = np.maximum.accumulate(values[order] * np.arange(len(order), 0, -1))
    corrected = np.empty_like(values)
    corrected[order] = np.minimum(raised, 1)
    return corrected.tolist()


def shared_ranks(values: Sequence[float], differ: np.ndarray) -> list[int]:
    """Return the rank of each result; those that cannot be told from the best remaining share one.

    The best result has the first rank, together with all from which it does not differ. Of the
    others the best has the next rank, together with all of them from which it does not differ, and
    so on. A rank counts all results of better ranks, as in 1, 1, 1, 4. Two results of different
    ranks need not differ from each other, since to be told apart is not transitive.

    Args:
        values: The results, ``[M]``; the higher the better.
        differ: Whether two of them can be told apart, ``[M, M]``, symmetric.
    """
    ranks = [0] * len(values)
    left = sorted(range(len(values)), key=lambda number: -values[number])
    while left:
        rank = len(values) - len(left) + 1
        alike = [number for number in left if not differ[left[0], number]]
        for number in alike:
            ranks[number] = rank
        left = [number for number in left if number not in alike]
    return ranks
