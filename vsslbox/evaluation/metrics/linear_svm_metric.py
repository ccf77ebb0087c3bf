"""Classification by a linear support vector machine."""

from collections.abc import Sequence

import torch.nn.functional as F

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.functional import fit_linear_svm
from vsslbox.evaluation.metrics.classifier_metric import ClassifierMetric
from vsslbox.registry import METRICS

__all__ = ['LinearSVMMetric']


@METRICS.register_module()
class LinearSVMMetric(ClassifierMetric):
    """The accuracy of a linear support vector machine that is trained on the gallery.

    Source: the protocol of VCLR on Kinetics-400, whose code runs LIBLINEAR's ``-s 2 -c 1`` on
    features as they are; see :func:`fit_linear_svm`.

    Args:
        labels: See :class:`FeatureMetric`.
        cost: C, the weight of the loss.
        normalize: Whether features are scaled to unit length.
    """

    protocol = 'svm'
    needs_gallery = True

    def __init__(
        self,
        labels: Sequence[str] = ('label',),
        cost: float = 1.0,
        normalize: bool = False,
    ) -> None:
        if cost <= 0:
            raise InputError(f'cost must be positive, got {cost}')
        super().__init__(labels)
        self.cost = cost
        self.normalize = normalize

    def predict(self, queries: FeatureSet, gallery: FeatureSet, label: str) -> list:
        """Return the value of a column that the machine predicts for each query."""
        inputs, rows = queries.features, gallery.features
        if self.normalize:
            inputs, rows = F.normalize(inputs, dim=1), F.normalize(rows, dim=1)
        classes = list(dict.fromkeys(gallery.column(label)))  # in the order of their ids
        if len(classes) < 2:
            raise InputError(f'a linear SVM needs at least two classes of {label!r}')
        (ids,) = as_ids(gallery.column(label))
        weights = fit_linear_svm(rows, ids, len(classes), self.cost)
        return [classes[number] for number in (inputs @ weights.T).argmax(dim=1).tolist()]
