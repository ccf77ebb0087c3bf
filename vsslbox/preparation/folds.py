"""Which videos train and which test."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from vsslbox.errors import InputError

__all__ = ['Fold', 'group_folds', 'named_split']

TRAINING, TESTING = ('train', 'training'), ('test', 'val', 'validation', 'testing')


class Fold(NamedTuple):
    """The numbers of the videos that train and of those that test."""

    train: list[int]
    test: list[int]


def group_folds(
    labels: Sequence[str], groups: Sequence[str] | None, num_folds: int, seed: int
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
    for name in sorted(set(labels)):
        found = len({group for label, group in zip(labels, groups) if label == name})
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
