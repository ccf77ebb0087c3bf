"""Classification by a linear support vector machine."""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.functional import fit_linear_svm, unit_rows
from vsslbox.evaluation.metrics.classifier_metric import ClassifierMetric
from vsslbox.preparation.folds import choosing_folds
from vsslbox.registry import METRICS

__all__ = ['LinearSVMMetric']

FOLDS = 5
MANY = 2000  # videos, of which one fold is enough to choose by


@METRICS.register_module()
class LinearSVMMetric(ClassifierMetric):
    """The accuracy of a linear support vector machine that is trained on the gallery.

    What a cost means depends on the length of the features, which differs by orders of magnitude
    between networks. So that they can be compared, features are scaled to unit length, and the
    gallery chooses the cost: each fifth of its videos is classified by the others, and the cost
    with the best accuracy wins, of equal ones the first. Of more than 2000 videos, one fifth
    chooses.

    Source: Goyal et al., "Scaling and Benchmarking Self-Supervised Visual Representation Learning",
    2019, which chooses among other costs by three folds. ``cost=1, normalize=False`` is the
    protocol of VCLR on Kinetics-400, whose code runs LIBLINEAR's ``-s 2 -c 1`` on features as they
    are; see :func:`fit_linear_svm`.

    Args:
        labels: See :class:`FeatureMetric`.
        leave_out: A column, such as one that names the scene: videos of the gallery that share a
            value are on the same side of the choice.
        cost: C, the weight of the loss, or several to choose from.
        normalize: Whether features are scaled to unit length.

    Raises:
        InputError: A cost is not positive, or there is none.
    """

    protocol = 'svm'
    needs_gallery = True
    divides_gallery = True

    def __init__(
        self,
        labels: Sequence[str] = ('label',),
        leave_out: str | None = None,
        cost: float | Sequence[float] = (0.1, 1.0, 10.0, 100.0, 1000.0),
        normalize: bool = True,
    ) -> None:
        super().__init__(labels, leave_out)
        self.costs = [cost] if isinstance(cost, int | float) else list(cost)
        if not self.costs or min(self.costs) <= 0:
            raise InputError(
                f'cost of LinearSVMMetric must be positive, such as 1 or [1, 10, 100], got {cost!r}'
            )
        self.normalize = normalize
        self._chosen: dict[str, list[float]] = {label: [] for label in self.labels}

    def obstacle(self, queries: FeatureSet, gallery: FeatureSet) -> str:
        """Return why the machine cannot be trained; empty if it can."""
        for label in self.labels:
            if len(set(gallery.column(label))) < 2:
                return f'a linear SVM needs at least two classes of {label!r}'
            if len(self.costs) > 1 and not self._folds(gallery, label):
                return (
                    f'no class of {label!r} has two videos or groups in the gallery, one of them '
                    'to choose the cost by: give a single `cost`'
                )
        return ''

    def predict(self, queries: FeatureSet, gallery: FeatureSet, label: str) -> list:
        """Return the value of a column that the machine predicts for each query."""
        if reason := self.obstacle(queries, gallery):
            raise InputError(f'LinearSVMMetric: {reason}')
        inputs, rows = queries.features, gallery.features
        if self.normalize:
            inputs, rows = (unit_rows(own).to(own.dtype) for own in (inputs, rows))
        if len(rows) < rows.shape[1] and rows.isfinite().all():  # what is not is named below
            # Weights are sums of rows, and the span of these has fewer dimensions.
            basis = torch.linalg.qr(rows.T).Q
            inputs, rows = inputs @ basis, rows @ basis
        classes = list(dict.fromkeys(gallery.column(label)))  # in the order of their ids
        (ids,) = as_ids(gallery.column(label))
        cost = self.costs[0]
        if len(self.costs) > 1:
            folds = self._folds(gallery, label)
            cost = max(self.costs, key=lambda own: _count_rights(rows, ids, folds, own))
            self._chosen[label].append(cost)
        weights = fit_linear_svm(rows, ids, len(classes), cost)
        return [classes[number] for number in (inputs @ weights.T).argmax(dim=1).tolist()]

    def notes(self) -> dict[str, str]:
        """Return which cost won, by ``svm/LABEL``; of several divisions, most often."""
        told = {}
        for label, chosen in self._chosen.items():
            if chosen:
                ((cost, times),) = Counter(chosen).most_common(1)
                told[f'svm/{label}'] = f'of {len(self.costs)} costs, {cost:g} won' + (
                    f' in {times} of {len(chosen)} divisions' if len(chosen) > 1 else ''
                )
        return told

    def _folds(self, gallery: FeatureSet, label: str) -> list:
        """Return the folds of the gallery that choose the cost."""
        groups = gallery.column(self.leave_out) if self.leave_out else gallery.numbers()
        folds = choosing_folds(gallery.column(label), groups, FOLDS, seed=0)
        return folds[:1] if len(gallery) > MANY else folds


def _count_rights(rows: Tensor, ids: Tensor, folds: list, cost: float) -> int:
    """Return how many of the videos that test are classified right, over all folds."""
    rights = 0
    for train, test in folds:
        weights = fit_linear_svm(rows[train], ids[train], int(ids.max()) + 1, cost)
        rights += int(((rows[test] @ weights.T).argmax(dim=1) == ids[test]).sum())
    return rights
