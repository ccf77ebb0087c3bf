"""Classification by a linear map."""

from collections.abc import Sequence

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.metrics.classifier_metric import ClassifierMetric
from vsslbox.registry import METRICS

__all__ = ['LinearProbeMetric']


@METRICS.register_module()
class LinearProbeMetric(ClassifierMetric):
    """The accuracy of a logistic regression that is trained on the gallery.

    Each dimension is standardised by its mean and deviation over the gallery. Meant for data sets
    of some thousand videos; the papers' linear protocols train on augmented clips instead.

    Args:
        labels: See :class:`FeatureMetric`.
        inverse_weight_decay: scikit-learn's C; less is stronger regularisation.
        max_iter: The most steps of the solver.
    """

    protocol = 'linear'
    needs_gallery = True

    def __init__(
        self,
        labels: Sequence[str] = ('label',),
        inverse_weight_decay: float = 0.01,
        max_iter: int = 1000,
    ) -> None:
        if inverse_weight_decay <= 0:
            raise InputError(f'inverse_weight_decay must be positive, got {inverse_weight_decay}')
        super().__init__(labels)
        self.inverse_weight_decay = inverse_weight_decay
        self.max_iter = max_iter
        self._fitted: tuple[FeatureSet, str, Pipeline] | None = None

    def predict(self, queries: FeatureSet, gallery: FeatureSet, label: str) -> list:
        """Return the value of a column that the regression predicts for each query.

        The last fit is kept: other queries with the same gallery do not repeat it.
        """
        classes = list(dict.fromkeys(gallery.column(label)))  # in the order of their ids
        if len(classes) < 2:
            raise InputError(f'a linear probe needs at least two classes of {label!r}')
        probe = self._fit(gallery, label)
        return [classes[number] for number in probe.predict(queries.features.numpy()).tolist()]

    def _fit(self, gallery: FeatureSet, label: str) -> Pipeline:
        if self._fitted is None or self._fitted[0] is not gallery or self._fitted[1] != label:
            (ids,) = as_ids(gallery.column(label))
            probe = make_pipeline(
                StandardScaler(),
                LogisticRegression(C=self.inverse_weight_decay, max_iter=self.max_iter),
            )
            probe.fit(gallery.features.numpy(), ids.numpy())
            self._fitted = gallery, label, probe
        return self._fitted[2]
