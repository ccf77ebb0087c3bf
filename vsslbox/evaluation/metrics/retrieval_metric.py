"""Video retrieval."""

import logging
from collections import Counter

import torch
from mmengine.logging import print_log
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.functional import recall_at
from vsslbox.registry import METRICS

__all__ = ['RetrievalMetric']


@METRICS.register_module()
class RetrievalMetric:
    """R@k: how often one of the k nearest videos of the gallery has the query's label.

    Neighbours are found by cosine similarity. Queries for which the gallery holds no right video
    are left out, and their number is reported; where none is left there is no R@k, and the log
    tells.

    Source: the protocol of VCLR, section 4.3, where queries are the validation split of UCF101 or
    HMDB51 and the gallery the training split.

    Args:
        labels: The columns of the list that are to be retrieved, one result for each.
        topk: The values of k.
        leave_out: A column; candidates that share the query's value in it are left out, such as
            ``'name'`` where queries are their own gallery, or a column that tells the scene.
        precision: How neighbours are searched, ``'float32'`` or ``'bfloat16'``; both find the same.
    """

    def __init__(
        self,
        labels: tuple[str, ...] = ('label',),
        topk: tuple[int, ...] = (1, 5, 10, 20, 50),
        leave_out: str | None = None,
        precision: str = 'float32',
    ) -> None:
        if isinstance(topk, int) or not topk or min(topk) < 1:
            raise InputError(
                f'topk of RetrievalMetric must be positive integers such as (1, 5), got {topk!r}'
            )
        self.labels = labels
        self.topk = topk
        self.leave_out = leave_out
        self.precision = precision

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute R@k in percent, by the names ``retrieval/LABEL/R@k``."""
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
        """How many videos of the gallery have each query's label and are not left out, ``[Q]``."""
        count = _count_equal(queries.column(label), gallery.column(label))
        if self.leave_out is not None:
            own, others = (
                list(zip(videos.column(label), videos.column(self.leave_out), strict=True))
                for videos in (queries, gallery)
            )
            count -= _count_equal(own, others)
        return count


def _count_equal(values: list, others: list) -> Tensor:
    """How many of the others equal each value, ``[len(values)]``."""
    counts = Counter(others)
    return torch.tensor([counts[value] for value in values])
