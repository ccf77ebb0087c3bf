"""Video retrieval."""

import logging
from collections import Counter

import torch
from mmengine.logging import print_log
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.functional import recall_at
from vsslbox.evaluation.metrics.feature_metric import FeatureMetric
from vsslbox.registry import METRICS

__all__ = ['RetrievalMetric']


@METRICS.register_module()
class RetrievalMetric(FeatureMetric):
    """R@k: the share of queries with a video of their label among the k nearest of the gallery.

    Neighbours are found by cosine similarity. Queries for which the gallery has no right video
    are left out, and their number is reported; if none is left, there is no R@k, and the log says
    so.

    Source: the protocol of VCLR, section 4.3, where queries are the validation split of UCF101 or
    HMDB51 and the gallery the training split.

    Args:
        topk: The values of k.
        precision: How neighbours are searched, ``'float32'`` or ``'bfloat16'``; both find the same.
        kwargs: As for :class:`FeatureMetric`.
    """

    protocol = 'retrieval'

    def __init__(
        self,
        topk: tuple[int, ...] = (1, 5, 10, 20, 50),
        precision: str = 'float32',
        **kwargs,
    ) -> None:
        if isinstance(topk, int) or not topk or min(topk) < 1:
            raise InputError(
                f'topk of RetrievalMetric must be positive integers such as (1, 5), got {topk!r}'
            )
        super().__init__(**kwargs)
        self.topk = topk
        self.precision = precision

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute ``retrieval/LABEL/R@k`` in percent and ``retrieval/LABEL/unanswerable``."""
        similarities, neighbours = queries.neighbours(
            gallery, max(self.topk), self.leave_out, self.precision
        )
        values: dict[str, float] = {}
        for label in self.labels:
            query_ids, gallery_ids = as_ids(queries.column(label), gallery.column(label))
            right = (gallery_ids[neighbours] == query_ids[:, None]) & similarities.isfinite()
            answerable = self._count_right(queries, gallery, label) > 0
            if answerable.any():
                for k, recall in recall_at(right[answerable], self.topk).items():
                    values[f'retrieval/{label}/R@{k}'] = recall
            else:
                message = f'no R@k of {label!r}: the gallery has a right video for no query'
                print_log(message, 'current', logging.WARNING)
            values[f'retrieval/{label}/unanswerable'] = int((~answerable).sum())
        return values

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
