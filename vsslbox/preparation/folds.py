"""Which videos train and which test."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from vsslbox.errors import InputError

__all__ = ['Division', 'Fold', 'choosing_folds', 'divide', 'group_folds', 'named_split']

TRAINING, VALIDATION = ('train', 'training'), ('val', 'validation')
TESTING = ('test', 'testing', *VALIDATION)


class Fold(NamedTuple):
    """The numbers of the videos that train and of those that test."""

    train: list[int]
    test: list[int]


class Division(NamedTuple):
    """The numbers of the videos that train, that choose the best epoch and that test."""

    train: list[int]
    val: list[int]
    test: list[int]


def group_folds(
    labels: Sequence[Hashable], groups: Sequence[Hashable] | None, num_folds: int, seed: int
) -> list[Fold]:
    """Split videos into folds, each of which tests once, with the classes in like shares.

    Args:
        labels: The class of each video.
        groups: The group of each video (scene, subject, source), which no fold divides; None if
            every video is its own.
        num_folds: The number of folds.
        seed: The seed of the order.

    Raises:
        InputError: A class has fewer groups than there are folds, so that a fold would lack it.
    """
    groups = [str(number) for number in range(len(labels))] if groups is None else groups
    name, found = _rarest(labels, groups)
    if found < num_folds:
        raise InputError(
            f'the class {name!r} has {found} groups or videos, which do not suffice for '
            f'{num_folds} folds: use fewer, or leave the class out'
        )
    splitter = StratifiedGroupKFold(num_folds, shuffle=True, random_state=seed)
    rows = np.zeros((len(labels), 1))
    return [
        Fold(train.tolist(), test.tolist()) for train, test in splitter.split(rows, labels, groups)
    ]


def choosing_folds(
    labels: Sequence[Hashable], groups: Sequence[Hashable], most: int, seed: int
) -> list[Fold]:
    """Split the videos that train into folds, each of which tests the settings of a classifier.

    Videos whose classes have too few groups train alone.

    Args:
        labels: The class of each video.
        groups: The group of each video, which no fold divides.
        most: The number of folds; fewer if no class has so many groups.
        seed: The seed of the order.

    Returns:
        The folds, none if no class has two groups.
    """
    of_class: dict = {}
    for value, group in zip(labels, groups, strict=True):
        of_class.setdefault(value, set()).add(group)
    number = min(most, max(map(len, of_class.values())))
    if number < 2:
        return []
    common = [n for n, value in enumerate(labels) if len(of_class[value]) >= number]
    own_labels, own_groups = ([column[n] for n in common] for column in (labels, groups))
    folds = []
    for divided in group_folds(own_labels, own_groups, number, seed):
        test = [common[n] for n in divided.test]
        seen = {groups[n] for n in test}
        folds.append(Fold([n for n, group in enumerate(groups) if group not in seen], test))
    return folds


def named_split(values: Sequence[str], groups: Sequence[str] | None) -> Fold:
    """Return the split that a column of a list names.

    Args:
        values: The value of each video: ``train``, ``val``, ``test``, in any case.
        groups: The group of each video; none may train and test.

    Raises:
        InputError: A value is another one, one of both is missing, or a group does both.
    """
    names = [value.strip().lower() for value in values]
    unknown = sorted({v for v, name in zip(values, names) if name not in TRAINING + TESTING})
    if unknown:
        raise InputError(f'a split must be train, val or test, got {unknown[:3]}')
    train = [number for number, name in enumerate(names) if name in TRAINING]
    test = [number for number, name in enumerate(names) if name in TESTING]
    if not train or not test:
        raise InputError(f'the split has {len(train)} videos to train and {len(test)} to test')
    if groups is not None:
        both = sorted({groups[n] for n in train} & {groups[n] for n in test})
        if both:
            raise InputError(
                f'{len(both)} groups train and test, such as {both[0]!r}: the result would say '
                'nothing about new ones; use --folds'
            )
    return Fold(train, test)


def divide(
    fold: Fold,
    labels: Sequence[str],
    groups: Sequence[str] | None,
    splits: Sequence[str] | None,
    seed: int,
) -> Division:
    """Choose the videos that choose the best epoch, so that those that test do not.

    A list that names videos of validation beside those of test has chosen. Otherwise a fifth of
    those that train is taken, no group of which goes on training.

    Args:
        fold: What trains and tests.
        labels: The class of each video.
        groups: The group of each video, if there are groups.
        splits: What the list says of each video, if it does.
        seed: The seed of the choice.

    Raises:
        InputError: A class has too few groups or videos that train.
    """
    if splits is not None:
        named = [n for n in fold.test if splits[n].strip().lower() in VALIDATION]
        if named and len(named) < len(fold.test):
            return Division(fold.train, named, sorted({*fold.test}.difference(named)))
    own_groups = [str(n) if groups is None else groups[n] for n in fold.train]
    own_labels = [labels[n] for n in fold.train]
    name, found = _rarest(own_labels, own_groups)
    if found < 2:
        raise InputError(
            f'the class {name!r} has one group or video to train on, so that none is left to '
            'choose the best epoch by: add some, or leave the class out'
        )
    inner = group_folds(own_labels, own_groups, min(5, found), seed)[0]
    train, val = ([fold.train[n] for n in part] for part in inner)
    return Division(train, val, fold.test)


def _rarest(labels: Sequence[Hashable], groups: Sequence[Hashable]) -> tuple[Hashable, int]:
    """Return the class of the fewest groups, and their number."""
    of_class = {name: set() for name in sorted(set(labels))}
    for name, group in zip(labels, groups, strict=True):
        of_class[name].add(group)
    return min(((name, len(found)) for name, found in of_class.items()), key=lambda pair: pair[1])
