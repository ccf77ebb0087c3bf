"""Classification by a linear support vector machine."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, TypeGuard

import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.functional import fit_linear_svm, unit_rows
from vsslbox.evaluation.metrics.classifier_metric import ClassifierMetric
from vsslbox.preparation.folds import Fold, choosing_folds
from vsslbox.registry import METRICS

__all__ = ['LinearSVMMetric']

FOLDS = 5
MANY = 2000  # videos, of which one fold is enough to choose by
BLOCK = 4096  # rows


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
        costs = list(cost) if isinstance(cost, list | tuple) else [cost]
        self.costs = [own for own in costs if _is_cost(own)]
        if not costs or len(self.costs) < len(costs):
            raise InputError(
                f'cost of LinearSVMMetric must be positive, such as 1 or [1, 10, 100], got {cost!r}'
            )
        self.normalize = normalize
        self._chosen: dict[str, list[float]] = {}
        self._fitted: tuple[FeatureSet, str, _Machine] | None = None

    def obstacle(self, queries: FeatureSet, gallery: FeatureSet) -> str:
        """Return why the machine cannot be trained; empty if it can."""
        for label in self.labels:
            if len(set(gallery.column(label))) < 2:
                return f'a linear SVM needs at least two classes of {label!r}'
            if len(self.costs) > 1:
                try:
                    self._folds(gallery, label)
                except InputError as error:
                    return str(error)
        return ''

    def predict(self, queries: FeatureSet, gallery: FeatureSet, label: str) -> list:
        """Return the value of a column that the machine predicts for each query.

        The last fit is kept: other queries with the same gallery do not repeat it.
        """
        if self._fitted is None or self._fitted[0] is not gallery or self._fitted[1] != label:
            self._fitted = gallery, label, self._fit(gallery, label)
        machine = self._fitted[2]
        inputs = _unit(queries.features) if self.normalize else queries.features
        found = (inputs @ machine.weights.T).argmax(dim=1)
        return [machine.classes[number] for number in found.tolist()]

    def notes(self) -> dict[str, str]:
        """Return which cost won, by ``svm/LABEL``; of several divisions, most often."""
        told = {}
        for label, chosen in self._chosen.items():
            ((cost, times),) = Counter(chosen).most_common(1)
            told[f'svm/{label}'] = f'of {len(self.costs)} costs, {cost:g} won' + (
                f' in {times} of {len(chosen)} divisions' if len(chosen) > 1 else ''
            )
        return told

    def _fit(self, gallery: FeatureSet, label: str) -> '_Machine':
        classes = list(dict.fromkeys(gallery.column(label)))  # in the order of their ids
        if len(classes) < 2:
            raise InputError(f'a linear SVM needs at least two classes of {label!r}')
        (ids,) = as_ids(gallery.column(label))
        rows = _unit(gallery.features) if self.normalize else gallery.features
        if not (finite := rows.isfinite().all(dim=1)).all():
            row = int(finite.logical_not().nonzero()[0])
            raise InputError(f'the features of row {row} (counted from 0) are not finite')
        basis = None
        if len(rows) < rows.shape[1]:
            # Weights are sums of rows, and the span of these has fewer dimensions.
            basis = torch.linalg.qr(rows.T).Q
            rows = rows @ basis
        cost = self.costs[0]
        if len(self.costs) > 1:
            cost = _best(self.costs, rows, ids.to(rows.device), self._folds(gallery, label))
            self._chosen.setdefault(label, []).append(cost)
        weights = fit_linear_svm(rows, ids, len(classes), cost)
        return _Machine(classes, weights if basis is None else weights @ basis.T)

    def _folds(self, gallery: FeatureSet, label: str) -> list[Fold]:
        """Return the folds of the gallery that choose the cost.

        Raises:
            InputError: There is none, since no class has two videos or groups.
        """
        groups = gallery.column(self.leave_out) if self.leave_out else gallery.numbers()
        folds = choosing_folds(gallery.column(label), groups, FOLDS, seed=0)
        if not folds:
            raise InputError(
                f'no class of {label!r} has two videos or groups in the gallery, one of them to '
                'choose the cost by: give a single `cost`'
            )
        return folds[:1] if len(gallery) > MANY else folds


class _Machine(NamedTuple):
    """The classes, and the weights of each, ``[K, F]``."""

    classes: list
    weights: Tensor


def _is_cost(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 < value < math.inf


def _unit(features: Tensor) -> Tensor:
    """Scale rows to the length 1, in their own type; in blocks, since features may be mapped."""
    units = torch.empty_like(features)
    for own, block in zip(units.split(BLOCK), features.split(BLOCK), strict=True):
        own.copy_(unit_rows(block))
    return units


def _best(costs: Sequence[float], rows: Tensor, ids: Tensor, folds: Sequence[Fold]) -> float:
    """Return the cost by which most of the videos that test are classified right."""
    rights = [0] * len(costs)
    for train, test in folds:
        own, others = rows[train], rows[test]
        for number, cost in enumerate(costs):
            weights = fit_linear_svm(own, ids[train], int(ids.max()) + 1, cost)
            rights[number] += int(((others @ weights.T).argmax(dim=1) == ids[test]).sum())
    return costs[rights.index(max(rights))]
