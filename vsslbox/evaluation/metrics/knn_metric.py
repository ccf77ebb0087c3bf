"""Classification by the nearest neighbours."""

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.functional import knn_vote
from vsslbox.registry import METRICS

__all__ = ['KNNMetric']


@METRICS.register_module()
class KNNMetric:
    """The accuracy of a vote of the k nearest videos of the gallery.

    A query all of whose candidates are left out has no class, which counts as wrong.

    Source: Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination",
    section 3.4.

    Args:
        labels: The columns of the list that are to be predicted, one result for each.
        k: The number of neighbours.
        temperature: A neighbour's vote weighs exp(similarity / temperature).
        leave_out: A column; candidates that share the query's value in it are left out; see
            :class:`RetrievalMetric`.
        precision: How neighbours are searched, ``'float32'`` or ``'bfloat16'``; both find the same.
    """

    def __init__(
        self,
        labels: tuple[str, ...] = ('label',),
        k: int = 20,
        temperature: float = 0.07,
        leave_out: str | None = None,
        precision: str = 'float32',
    ) -> None:
        if k < 1 or temperature <= 0:
            raise InputError(f'k and temperature must be positive, got {k} and {temperature}')
        self.labels = labels
        self.k = k
        self.temperature = temperature
        self.leave_out = leave_out
        self.precision = precision

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute accuracies in percent, by the names ``knn/LABEL/top1``."""
        values: dict[str, float] = {}
        for label in self.labels:
            predicted = self.predict(queries, gallery, label)
            right = [a == b for a, b in zip(predicted, queries.column(label), strict=True)]
            values[f'knn/{label}/top1'] = 100 * sum(right) / len(right)
        return values

    def predict(self, queries: FeatureSet, gallery: FeatureSet, label: str) -> list:
        """For which value of a column each query's neighbours vote; None if it has none."""
        similarities, neighbours = queries.neighbours(
            gallery, self.k, self.leave_out, self.precision
        )
        classes = list(dict.fromkeys(gallery.column(label)))  # as they are numbered
        (ids,) = as_ids(gallery.column(label))
        voted = knn_vote(similarities, ids[neighbours], len(classes), self.temperature)
        return [None if number < 0 else classes[number] for number in voted.tolist()]
