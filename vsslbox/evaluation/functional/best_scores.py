"""The best scores of each query, of more candidates than fit into memory."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ['BestScores']

GROUP = 16  # candidates whose maximum is compared before their scores


class BestScores:
    """Collects the scores of candidates and keeps the best of each query.

    Scores above a query's bar go into its buffer. Once the buffer holds twice as many as are kept,
    the lower half is dropped and the bar rises to the lowest score left, so that few groups of
    candidates have a score above it.

    Memory for Q queries, if N candidates are added at a time, is at most ``Q * (2 * count + N)``
    scores and indices, and ``80 * Q * count + Q * N`` bytes while they are being added.

    Args:
        num_queries: Q.
        count: The number of scores to keep for each query.
        like: A tensor of the scores' type and device.
    """

    def __init__(self, num_queries: int, count: int, like: Tensor) -> None:
        self._count = count
        self._scores = like.new_full((num_queries, 2 * count), -torch.inf)
        self._indices = torch.zeros_like(self._scores, dtype=torch.long)
        self._sizes = torch.zeros_like(self._indices[:, 0])
        self._bar = self._scores[:, 0].clone()

    def add(self, scores: Tensor, start: int) -> None:
        """Collect the scores above the bar.

        Args:
            scores: ``[N, Q]``; minus infinity is never collected.
            start: The index of the first candidate; the others follow.
        """
        whole = len(scores) // GROUP * GROUP
        self._add_groups(scores[:whole].view(-1, GROUP, scores.shape[1]), start)
        self._add_groups(scores[whole:, None], start + whole)

    def result(self) -> tuple[Tensor, Tensor]:
        """Return scores, the highest first, and indices, ``[Q, count]``; minus infinity is none."""
        scores, order = self._scores.topk(self._count, dim=1)
        return scores, self._indices.gather(1, order)

    def _add_groups(self, groups: Tensor, start: int) -> None:
        """Collect the scores above the bar of groups of candidates, ``[N, G, Q]``."""
        above = groups.amax(dim=1) > self._bar
        if above.count_nonzero() > above.shape[1] * self._count // 8 and len(groups) > 1:
            half = len(groups) // 2  # the first half raises the bar for the second
            self._add_groups(groups[:half], start)
            self._add_groups(groups[half:], start + half * groups.shape[1])
            return
        queries, rows = above.T.contiguous().nonzero(as_tuple=True)
        scores = groups[rows, :, queries]
        taken, places = (scores > self._bar[queries, None]).nonzero(as_tuple=True)
        indices = start + rows[taken] * groups.shape[1] + places
        self._append(queries[taken], scores[taken, places], indices)

    def _append(self, queries: Tensor, scores: Tensor, indices: Tensor) -> None:
        """Append scores to the buffers of their queries, which are sorted."""
        counts = queries.bincount(minlength=len(self._sizes))
        ahead = self._sizes - (counts.cumsum(0) - counts)
        slots = ahead[queries] + torch.arange(len(queries), device=queries.device)
        self._sizes += counts
        lacking = int(self._sizes.max()) - self._scores.shape[1]
        if lacking > 0:
            self._scores = F.pad(self._scores, (0, lacking), value=-torch.inf)
            self._indices = F.pad(self._indices, (0, lacking))
        self._scores[queries, slots] = scores
        self._indices[queries, slots] = indices
        full = (self._sizes >= 2 * self._count).nonzero().flatten()
        if len(full):
            self._drop_lower_half(full)

    def _drop_lower_half(self, queries: Tensor) -> None:
        """Keep the best of some queries and raise their bar."""
        size = int(self._sizes[queries].max())
        scores, order = self._scores[queries, :size].topk(self._count, dim=1)
        indices = self._indices[queries, :size].gather(1, order)
        self._scores[queries] = -torch.inf
        self._scores[queries, : self._count] = scores
        self._indices[queries, : self._count] = indices
        self._sizes[queries] = self._count
        self._bar[queries] = scores[:, -1]
