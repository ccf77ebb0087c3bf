"""Classification of queries as they are and under treatments."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet
from vsslbox.evaluation.metrics.classifier_metric import ClassifierMetric
from vsslbox.evaluation.metrics.feature_metric import FeatureMetric
from vsslbox.registry import METRICS

__all__ = ['TreatedClassifierMetric']

# Of a feature's length. Float32 features that are the same sum in another order differ by less.
ROUNDING = 1e-5


class TreatedClassifierMetric(FeatureMetric):
    """Classifies the queries as they are and under the treatments, by one classifier.

    A feature under a treatment that differs from the one of the video as it is by rounding alone,
    less than 1e-5 of its length, counts as that one: sums in another order have other last digits.

    Args:
        labels: See :class:`FeatureMetric`.
        leave_out: See :class:`FeatureMetric`.
        classifier: The config of the classifier: ``KNNMetric``, ``LinearProbeMetric`` or another
            :class:`ClassifierMetric` of features. It trains on the gallery as it is.

    Raises:
        InputError: ``classifier`` is not the config of one.
    """

    def __init__(
        self,
        labels: Sequence[str] = ('label',),
        leave_out: str | None = None,
        classifier: dict | None = None,
    ) -> None:
        super().__init__(labels, leave_out)
        self.classifier = dict(classifier or dict(type='KNNMetric'))
        cls = METRICS.get(self.classifier.get('type', ''))
        is_one = isinstance(cls, type) and issubclass(cls, ClassifierMetric)
        if not is_one or cls.needs_tokens:
            raise InputError(
                f'classifier of {type(self).__name__} must be the config of one of features, such '
                f"as dict(type='KNNMetric') or dict(type='LinearProbeMetric'), got {classifier}"
            )
        self.needs_gallery = cls.needs_gallery
        self.divides_gallery = cls.divides_gallery
        self._build_classifier('label')

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute all values, in percent."""
        return self.summarize(self.outcomes(queries, gallery))

    def under(self, queries: FeatureSet) -> Iterator[tuple[str, FeatureSet]]:
        """Yield each treatment and the queries under it, whose equal features are exactly equal."""
        plain = queries.features.double()
        room = ROUNDING * plain.norm(dim=1, keepdim=True)
        for name in self.treatments():
            treated = queries.under(name)
            same = (treated.features - plain).norm(dim=1, keepdim=True) <= room
            yield (
                name,
                replace(treated, features=torch.where(same, queries.features, treated.features)),
            )

    def predictions(
        self, queries: FeatureSet, gallery: FeatureSet, label: str
    ) -> tuple[list, dict[str, list]]:
        """Return the predicted values of a column as the videos are, and under each treatment."""
        classifier = self._build_classifier(label)
        plain = classifier.predict(queries, gallery, label)
        found = {}
        for name, treated in self.under(queries):
            same = (treated.features == queries.features).all(dim=1).tolist()
            own = plain if all(same) else classifier.predict(treated, gallery, label)
            found[name] = [a if equal else b for equal, a, b in zip(same, plain, own, strict=True)]
        return plain, found

    def _build_classifier(self, label: str) -> ClassifierMetric:
        is_grouped = not self.needs_gallery or self.divides_gallery
        options = dict(leave_out=self.leave_out) if is_grouped else {}
        return METRICS.build({**self.classifier, **options, 'labels': [label]})

    def chance_of(self, queries: FeatureSet, gallery: FeatureSet, label: str) -> float:
        """Return the share of right queries without information, in percent."""
        (share,) = self._build_classifier(label).chance(queries, gallery).values()
        return share


def equal_values(values: list, others: list) -> Tensor:
    """Return 1 where two lists agree and 0 elsewhere, float64 ``[N]``."""
    pairs = zip(values, others, strict=True)
    return torch.tensor([a == b for a, b in pairs], dtype=torch.float64)
