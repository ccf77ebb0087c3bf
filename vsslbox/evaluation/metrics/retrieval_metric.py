"""Video retrieval."""

import logging
from collections import Counter
from typing import Any

import torch
from mmengine.logging import print_log
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.functional import chance_of_hit
from vsslbox.evaluation.metrics.feature_metric import FeatureMetric
from vsslbox.registry import METRICS

__all__ = ['RetrievalMetric']

USUAL = (1, 5, 10, 20, 50)
MOST_CHANCE = 90  # percent


@METRICS.register_module()
class RetrievalMetric(FeatureMetric):
    """R@k: the share of queries with a video of their label among the k nearest of the gallery.

    Neighbours are found by cosine similarity. Queries for which the gallery has no right video
    are left out, and their number is reported; if none is left, there is no R@k, and the log says
    so.

    Source: the protocol of VCLR, section 4.3, where queries are the validation split of UCF101 or
    HMDB51 and the gallery the training split.

    Args:
        topk: The values of k; None for those of 1, 5, 10, 20 and 50 at which chance stays below
            90 %, and in any case 1: beyond, good features have no room to be better.
        precision: How neighbours are searched, ``'float32'`` or ``'bfloat16'``; both find the same.
        kwargs: As for :class:`FeatureMetric`.
    """

    protocol = 'retrieval'

    def __init__(
        self,
        topk: tuple[int, ...] | None = USUAL,
        precision: str = 'float32',
        **kwargs: Any,
    ) -> None:
        if topk is not None and (isinstance(topk, int) or not topk or min(topk) < 1):
            raise InputError(
                f'topk of RetrievalMetric must be positive integers such as (1, 5), got {topk!r}'
            )
        super().__init__(**kwargs)
        self.topk = topk
        self.precision = precision

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute ``retrieval/LABEL/R@k`` in percent and ``retrieval/LABEL/unanswerable``."""
        return self.summarize(self.outcomes(queries, gallery))

    def outcomes(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, Tensor]:
        """Return whether each query finds a right video, by ``retrieval/LABEL/R@k``."""
        similarities, neighbours = queries.neighbours(
            gallery, max(self.topk or USUAL), self.leave_out, self.precision
        )
        found = {}
        for label in self.labels:
            query_ids, gallery_ids = as_ids(queries.column(label), gallery.column(label))
            right = (gallery_ids[neighbours] == query_ids[:, None]) & similarities.isfinite()
            unanswerable = self._count_right(queries, gallery, label) == 0
            for k in self._ranks(queries, gallery, label):
                hits = right[:, :k].any(dim=1).double()
                found[f'retrieval/{label}/R@{k}'] = hits.masked_fill_(unanswerable, torch.nan)
        return found

    def summarize(self, outcomes: dict[str, Tensor]) -> dict[str, float]:
        """Compute ``retrieval/LABEL/R@k`` in percent and ``retrieval/LABEL/unanswerable``."""
        values: dict[str, float] = {}
        for label in self.labels:
            recalls = {n: r for n, r in outcomes.items() if n.startswith(f'retrieval/{label}/')}
            unanswerable = next(iter(recalls.values())).isnan()
            if unanswerable.all():
                message = f'no R@k of {label!r}: the gallery has a right video for no query'
                print_log(message, 'current', logging.WARNING)
            else:
                values |= super().summarize(recalls)
            values[f'retrieval/{label}/unanswerable'] = int(unanswerable.sum())
        return values

    def chance(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Return R@k of a gallery in random order, by ``retrieval/LABEL/R@k``."""
        return {
            f'retrieval/{label}/R@{k}': self._chance(queries, gallery, label, k)
            for label in self.labels
            for k in self._ranks(queries, gallery, label)
        }

    def _ranks(self, queries: FeatureSet, gallery: FeatureSet, label: str) -> tuple[int, ...]:
        if self.topk is not None:
            return self.topk
        return USUAL[:1] + tuple(
            k for k in USUAL[1:] if self._chance(queries, gallery, label, k) < MOST_CHANCE
        )

    def _chance(self, queries: FeatureSet, gallery: FeatureSet, label: str, k: int) -> float:
        """Compute R@k of a gallery in random order, over the answerable queries."""
        right = self._count_right(queries, gallery, label).numpy()
        candidates = self._count_candidates(queries, gallery).numpy()
        hits = chance_of_hit(right, candidates, k)[right > 0]
        return 100 * float(hits.mean()) if len(hits) else 0.0

    def _count_candidates(self, queries: FeatureSet, gallery: FeatureSet) -> Tensor:
        """Count the gallery's videos that are not left out of each query, ``[Q]``."""
        count = torch.full((len(queries),), len(gallery))
        values = queries.left_out(gallery, self.leave_out)
        return count if values is None else count - _count_equal(*values)

    def _count_right(self, queries: FeatureSet, gallery: FeatureSet, label: str) -> Tensor:
        """Count the gallery's videos of each query's label that are not left out, ``[Q]``."""
        count = _count_equal(queries.column(label), gallery.column(label))
        values = queries.left_out(gallery, self.leave_out)
        if values is not None:
            own, others = (
                list(zip(videos.column(label), left_out, strict=True))
                for videos, left_out in zip((queries, gallery), values)
            )
            count -= _count_equal(own, others)
        return count


def _count_equal(values: list, others: list) -> Tensor:
    """Count the others that equal each value, ``[len(values)]``."""
    counts = Counter(others)
    return torch.tensor([counts[value] for value in values])
