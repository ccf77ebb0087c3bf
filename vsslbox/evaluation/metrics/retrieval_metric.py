"""Video retrieval."""

from vsslbox.evaluation.feature_set import FeatureSet, as_ids, group_ids
from vsslbox.evaluation.functional import nearest_neighbours, recall_at
from vsslbox.registry import METRICS

__all__ = ['RetrievalMetric']


@METRICS.register_module()
class RetrievalMetric:
    """R@k: how often one of the k nearest videos of the gallery has the query's label.

    Neighbours are found by cosine similarity. Queries for which the gallery holds no right video
    are left out, and their number is reported.

    Source: the protocol of VCLR, section 4.3, where queries are the validation split of UCF101 or
    HMDB51 and the gallery the training split.

    Args:
        labels: The columns of the list that are to be retrieved, one result for each.
        topk: The values of k.
        leave_out: A column; candidates that share the query's value in it are left out, such as
            ``'name'`` where queries are their own gallery, or a column that tells the scene.
    """

    def __init__(
        self,
        labels: tuple[str, ...] = ('label',),
        topk: tuple[int, ...] = (1, 5, 10, 20, 50),
        leave_out: str | None = None,
    ) -> None:
        self.labels = labels
        self.topk = topk
        self.leave_out = leave_out

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute R@k in percent, by the names ``retrieval/LABEL/R@k``."""
        groups = group_ids(queries, gallery, self.leave_out)
        similarities, neighbours = nearest_neighbours(
            queries.features, gallery.features, max(self.topk), *groups
        )
        values: dict[str, float] = {}
        for label in self.labels:
            query_ids, gallery_ids = as_ids(queries.column(label), gallery.column(label))
            matches = query_ids[:, None] == gallery_ids  # [Q, G]
            if self.leave_out is not None:
                matches &= groups[0][:, None] != groups[1]
            answerable = matches.any(dim=1)
            right = matches.gather(1, neighbours) & similarities.isfinite()
            for k, recall in recall_at(right[answerable], self.topk).items():
                values[f'retrieval/{label}/R@{k}'] = recall
            values[f'retrieval/{label}/unanswerable'] = int((~answerable).sum())
        return values
