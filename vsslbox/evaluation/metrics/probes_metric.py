"""What can be read from features by a linear map, column by column of a list."""

from collections.abc import Sequence

import numpy as np
import torch
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet, as_ids
from vsslbox.evaluation.metrics.feature_metric import FeatureMetric
from vsslbox.preparation.folds import Fold, group_folds
from vsslbox.registry import METRICS

__all__ = ['ProbesMetric']

ALPHAS = np.logspace(-1, 7, 9)
FOLDS = 5
R2 = '/R2'
ENTRIES = {'name', 'path', 'split'}  # columns that say which video it is


@METRICS.register_module()
class ProbesMetric(FeatureMetric):
    """How well ridge regression predicts columns of the list, one value for each.

    A column of numbers, one of which is no integer, or that ``numbers`` names, gives R^2, the share
    of the queries' variance that is predicted: 0 for their mean, below that for worse. An angle,
    of ``degrees``, is predicted by its cosine and sine, and R^2 is of both together. Any other
    column is of classes and gives the balanced accuracy, the mean over the queries' classes of the
    share that is predicted right; each class weighs the same in the regression too, on a vector of
    1 for the own class and -1 for all others.

    Features are standardised, and the weight of the penalty is chosen by leaving out one video at a
    time, or a fifth of the groups. Videos of the gallery that are queries too, or of the group of
    one, do not train. Without a gallery each fifth of the videos, in whole groups, is predicted by
    the others.

    Args:
        columns: The columns; None for all that can be predicted, but the video's name and group.
        numbers: Those whose integers are numbers instead of classes.
        degrees: Those that are angles in degrees.
        leave_out: A column, such as one that names the scene, whose values are groups.

    Raises:
        InputError: An argument is no list of columns, or a column is named for two meanings.
    """

    protocol = 'probes'
    by_label = False
    only_by_name = True

    def __init__(
        self,
        columns: Sequence[str] | None = None,
        numbers: Sequence[str] = (),
        degrees: Sequence[str] = (),
        leave_out: str | None = None,
    ) -> None:
        super().__init__(labels=(), leave_out=leave_out)
        for name, named in dict(columns=columns, numbers=numbers, degrees=degrees).items():
            if isinstance(named, str):
                raise InputError(
                    f'{name} of ProbesMetric must be a list, such as [{named!r}], got {named!r}'
                )
        self.columns = None if columns is None else list(columns)
        self.numbers = set(numbers)
        self.degrees = set(degrees)
        if both := self.numbers & self.degrees:
            raise InputError(f'{min(both)!r} of ProbesMetric is named in numbers and in degrees')
        self._left_out: dict[str, str] = {}

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute ``probes/COLUMN/balanced`` or ``probes/COLUMN/R2``, in percent."""
        return self.summarize(self.outcomes(queries, gallery))

    def outcomes(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, Tensor]:
        """Return what each query contributes to the values, which are means over queries."""
        found = {}
        for column in self._possible(queries, gallery):
            name = self._name(column, queries, gallery)
            columns = queries.column(column), gallery.column(column)
            if name.endswith(R2):
                own, known = (self._numbers_of(column, values) for values in columns)
                errors = self._predict(queries, gallery, known) - own
                spread = own - own.mean(axis=0)
                share = 1 - (errors**2).sum(axis=1) / (spread**2).sum(axis=1).mean()
            else:
                known, own = (ids.numpy() for ids in as_ids(*reversed(columns)))
                targets = 2 * np.eye(known.max() + 1)[known] - 1
                predicted = self._predict(queries, gallery, targets, _class_weights(known))
                share = (predicted.argmax(axis=1) == own) * _class_weights(own)
            found[name] = torch.from_numpy(share)
        return found

    def chance(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Return 0 for R^2, and for a balanced accuracy that of always the same class."""
        names = {
            self._name(column, queries, gallery): len(set(queries.column(column)))
            for column in self._possible(queries, gallery)
        }
        return {
            name: 0.0 if name.endswith(R2) else 100 / classes for name, classes in names.items()
        }

    def obstacle(self, queries: FeatureSet, gallery: FeatureSet) -> str:
        """Return which column cannot be predicted, or that none can; empty if all can."""
        if self.columns is None:
            possible = self._possible(queries, gallery)
            return '' if possible else 'the list has no column that can be predicted'
        reasons = {name: self._reason(name, queries, gallery) for name in self.columns}
        return next((f'{name!r}: {reason}' for name, reason in reasons.items() if reason), '')

    def notes(self) -> dict[str, str]:
        """Return which columns were left out, if none are named, by ``probes/COLUMN``."""
        return {f'probes/{name}': f'left out, {why}' for name, why in self._left_out.items()}

    def _possible(self, queries: FeatureSet, gallery: FeatureSet) -> list[str]:
        """Return the columns to predict, without those that cannot be if none are named."""
        if self.columns is not None:
            return self.columns
        videos = (*queries.attributes, *gallery.attributes)
        common = set.intersection(*map(set, videos)) - ENTRIES - {self.leave_out}
        reasons = {
            name: self._reason(name, queries, gallery)
            for name in queries.attributes[0]
            if name in common
        }
        self._left_out = {name: reason for name, reason in reasons.items() if reason}
        return [name for name, reason in reasons.items() if not reason]

    def _reason(self, column: str, queries: FeatureSet, gallery: FeatureSet) -> str:
        """Return why a column cannot be predicted; empty if it can."""
        try:
            own, known = queries.column(column), gallery.column(column)
        except InputError as error:
            return str(error)
        if min(len(set(own)), len(set(known))) < 2:
            return 'all queries, or all videos of the gallery, have the same value'
        if self._name(column, queries, gallery).endswith(R2):
            wrong = [value for value in (*own, *known) if not _is_finite(value)]
            if wrong:
                return f'{wrong[0]!r} is no number'
        elif 2 * len(set(known)) > len(known):
            return 'as classes, most have one video: if it holds integers, name it in `numbers`'
        elif not {*own} & {*known}:
            return 'no query has the class of a video of the gallery'
        if gallery is queries and len(set(_groups(queries, self.leave_out))) < FOLDS:
            return f'there is no gallery, and too few videos or groups for {FOLDS} folds'
        if gallery is not queries and len(self._training(queries, gallery)) < 2:
            return 'the videos of the gallery are queries, or of their groups'
        return ''

    def _name(self, column: str, queries: FeatureSet, gallery: FeatureSet) -> str:
        """Return the name of the value of a column, which says whether it holds numbers."""
        is_number = column in self.numbers | self.degrees
        if not is_number:
            values = [_as_number(v) for v in (*queries.column(column), *gallery.column(column))]
            is_number = all(v is not None for v in values) and any(
                v is not None and np.isfinite(v) and v % 1 for v in values
            )
        return f'probes/{column}{R2 if is_number else "/balanced"}'

    def _numbers_of(self, column: str, values: list) -> np.ndarray:
        """Return the targets of a column of numbers, ``[N, 1]``, or of angles, ``[N, 2]``."""
        numbers = np.array([_as_number(value) for value in values])
        if column in self.degrees:
            return np.stack([np.cos(np.radians(numbers)), np.sin(np.radians(numbers))], axis=1)
        return numbers[:, None]

    def _training(self, queries: FeatureSet, gallery: FeatureSet) -> list[int]:
        """Return the videos of a gallery that are no queries, nor of the group of one."""
        left_out = queries.left_out(gallery, self.leave_out)
        if left_out is None:
            return list(range(len(gallery)))
        own, others = set(left_out[0]), left_out[1]
        return [number for number, value in enumerate(others) if value not in own]

    def _predict(
        self,
        queries: FeatureSet,
        gallery: FeatureSet,
        targets: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> np.ndarray:
        """Predict the targets of queries, by those of the gallery, ``[N, M]``."""
        inputs, rows = (own.features.double().numpy() for own in (queries, gallery))
        (groups,) = (ids.numpy() for ids in as_ids(_groups(gallery, self.leave_out)))
        folds = [Fold(self._training(queries, gallery), list(range(len(queries))))]
        if gallery is queries:
            folds = group_folds([''] * len(queries), groups.tolist(), FOLDS, seed=0)
        predicted = np.empty((len(inputs), targets.shape[1]))
        for train, test in folds:
            own = None if weights is None else weights[train]
            ridge = _fitted(rows[train], targets[train], groups[train], own)
            predicted[test] = ridge.predict(inputs[test]).reshape(-1, targets.shape[1])
        return predicted


def _fitted(
    rows: np.ndarray, targets: np.ndarray, groups: np.ndarray, weights: np.ndarray | None
) -> Pipeline:
    """Return the ridge regression of targets on features, whose groups choose the penalty."""
    folds = min(FOLDS, len(set(groups)))
    one_by_one = len(set(groups)) == len(groups) or folds < 2
    divided = None if one_by_one else list(GroupKFold(folds).split(rows, groups=groups))
    ridge = make_pipeline(StandardScaler(), RidgeCV(ALPHAS, cv=divided))
    return ridge.fit(rows, targets, ridgecv__sample_weight=weights)


def _groups(videos: FeatureSet, leave_out: str | None) -> list:
    return videos.column(leave_out) if leave_out else videos.numbers()


def _class_weights(ids: np.ndarray) -> np.ndarray:
    """Return the weight of each video by which all classes weigh the same; 1 on average."""
    counts = np.bincount(ids)
    return len(ids) / (np.count_nonzero(counts) * counts[ids])


def _is_finite(value: object) -> bool:
    number = _as_number(value)
    return number is not None and np.isfinite(number)


def _as_number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]  # what it cannot convert is no number
    except (TypeError, ValueError):
        return None
