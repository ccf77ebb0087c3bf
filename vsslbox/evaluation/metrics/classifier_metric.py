"""The accuracy of a classifier."""

from abc import abstractmethod
from collections import Counter

import torch
from torch import Tensor

from vsslbox.evaluation.features.feature_set import FeatureSet
from vsslbox.evaluation.metrics.feature_metric import FeatureMetric

__all__ = ['ClassifierMetric']


class ClassifierMetric(FeatureMetric):
    """The share of queries whose class is predicted, ``PROTOCOL/LABEL/top1`` in percent.

    Attributes:
        value: The name of the share.
    """

    value = 'top1'

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute ``PROTOCOL/LABEL/top1`` in percent."""
        return self.summarize(self.outcomes(queries, gallery))

    @abstractmethod
    def predict(self, queries: FeatureSet, gallery: FeatureSet, label: str) -> list:
        """Return the value of a column that is predicted for each query; None for none."""

    def outcomes(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, Tensor]:
        """Return whether each query is predicted right."""
        found = {}
        for label in self.labels:
            predicted = self.predict(queries, gallery, label)
            right = [a == b for a, b in zip(predicted, queries.column(label), strict=True)]
            found[f'{self.protocol}/{label}/{self.value}'] = torch.tensor(
                right, dtype=torch.float64
            )
        return found

    def chance(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Return the share of queries that have the most frequent class of the gallery."""
        values = {}
        for label in self.labels:
            ((most, _),) = Counter(gallery.column(label)).most_common(1)
            own = queries.column(label)
            values[f'{self.protocol}/{label}/{self.value}'] = 100 * own.count(most) / len(own)
        return values
