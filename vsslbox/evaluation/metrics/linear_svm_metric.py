"""Classification by a linear support vector machine."""

from collections.abc import Sequence

import torch.nn.functional as F

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.functional import fit_linear_svm
from vsslbox.evaluation.metrics.feature_metric import FeatureMetric
from vsslbox.registry import METRICS

__all__ = ['LinearSVMMetric']


@METRICS.register_module()
class LinearSVMMetric(FeatureMetric):
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

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute ``svm/LABEL/top1`` in percent."""
        inputs, rows = queries.features, gallery.features
        if self.normalize:
            inputs, rows = F.normalize(inputs, dim=1), F.normalize(rows, dim=1)
        values: dict[str, float] = {}
        for label in self.labels:
            # The gallery's ids come first: a class that only queries have cannot be predicted.
            gallery_ids, query_ids = as_ids(gallery.column(label), queries.column(label))
            num_classes = int(gallery_ids.max()) + 1
            if num_classes < 2:
                raise InputError(f'a linear SVM needs at least two classes of {label!r}')
            weights = fit_linear_svm(rows, gallery_ids, num_classes, self.cost)
            accuracy = ((inputs @ weights.T).argmax(dim=1) == query_ids).double().mean().item()
            values[f'svm/{label}/top1'] = 100 * accuracy
        return values
