"""Classification by the nearest neighbours."""

from typing import Any

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.functional import knn_vote
from vsslbox.evaluation.metrics.classifier_metric import ClassifierMetric
from vsslbox.registry import METRICS

__all__ = ['KNNMetric']


@METRICS.register_module()
class KNNMetric(ClassifierMetric):
    """The accuracy of a vote of the k nearest videos of the gallery.

    A query without candidates, since all are left out, gets no class and counts as wrong.

    Source: Wu et al., "Unsupervised Feature Learning via Non-Parametric Instance Discrimination",
    section 3.4.

    Args:
        k: The number of neighbours.
        temperature: A neighbour's vote weighs exp(similarity / temperature).
        precision: How neighbours are searched, ``'float32'`` or ``'bfloat16'``; both find the same.
        kwargs: As for :class:`FeatureMetric`.
    """

    protocol = 'knn'

    def __init__(
        self,
        k: int = 20,
        temperature: float = 0.07,
        precision: str = 'float32',
        **kwargs: Any,
    ) -> None:
        if k < 1 or temperature <= 0:
            raise InputError(f'k and temperature must be positive, got {k} and {temperature}')
        super().__init__(**kwargs)
        self.k = k
        self.temperature = temperature
        self.precision = precision

    def predict(self, queries: FeatureSet, gallery: FeatureSet, label: str) -> list:
        """Return the value of a column that each query's neighbours vote for; None without any."""
        similarities, neighbours = queries.neighbours(
            gallery, self.k, self.leave_out, self.precision
        )
        classes = list(dict.fromkeys(gallery.column(label)))  # in the order of their ids
        (ids,) = as_ids(gallery.column(label))
        voted = knn_vote(similarities, ids[neighbours], len(classes), self.temperature)
        return [None if number < 0 else classes[number] for number in voted.tolist()]
