"""The labels of a list against the classes of a model."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from torch.utils.data import Dataset

from vsslbox.datasets.list_values import warn_once
from vsslbox.errors import InputError

__all__ = [
    'LabelCounts',
    'check_labels',
    'count_labels',
    'number_by',
    'parts_of',
    'tell_own_numbers',
]


class LabelCounts(NamedTuple):
    """The labels of a list: the lowest and the highest, and how many entries have any."""

    lowest: int
    highest: int
    labelled: int


def count_labels(entries: Sequence[dict]) -> LabelCounts | None:
    """Return the counts of the entries' labels; None if there are none."""
    labels = [entry['label'] for entry in entries if 'label' in entry]
    if not labels:
        return None
    flat = [one for many in labels for one in (many if isinstance(many, list) else [many])]
    return LabelCounts(min(flat), max(flat), len(labels))


def parts_of(dataset: Dataset) -> Iterator[Dataset]:
    """Yield the data sets within wrappers such as mmengine's ``ConcatDataset``."""
    inner = getattr(dataset, 'datasets', None) or [getattr(dataset, 'dataset', None)]
    for one in inner:
        yield from [dataset] if one is None else parts_of(one)


def number_by(dataset: Dataset, classes: Sequence[str], source: str) -> None:
    """Number the class names of a data set in this order; see ``BaseVideoDataset.number_by``."""
    for part in parts_of(dataset):
        if hasattr(part, 'number_by'):
            part.number_by(classes, source)


def tell_own_numbers(dataset: Dataset, num_classes: int) -> None:
    """Warn of a list that numbers its class names by itself, and lacks some of a model's classes.

    Args:
        dataset: The data set, for a model of which nothing tells the names of the classes.
        num_classes: The classes of the model.
    """
    parts: Iterable[Any] = parts_of(dataset)
    for part in parts:
        names = part.class_names() if hasattr(part, 'class_names') else None
        if names is not None and len(names) < num_classes:
            warn_once(
                f'{part.ann_file or "the folder of videos"} has {len(names)} class names, which '
                f'are numbered from 0 in alphabetical order, but the model has {num_classes} '
                'classes without names: give all names in the order of the model, '
                '`metainfo=dict(classes=[...])`'
            )


def check_labels(dataset: Dataset, num_classes: int, needed: bool = True) -> None:
    """Compare the labels of a data set with the classes of a model.

    Args:
        dataset: The data set; one that does not count its labels is not checked.
        num_classes: The classes of the model.
        needed: Whether every video needs a label.

    Raises:
        InputError: A label is not a class of the model, or a video has none.
    """
    parts: Iterable[Any] = parts_of(dataset)
    for part in parts:
        if not hasattr(part, 'label_counts'):
            continue
        source = part.ann_file or 'the folder of videos'
        lowest, highest, labelled = part.label_counts or (0, 0, 0)
        if not 0 <= lowest <= highest < num_classes:
            raise InputError(
                f'the labels of {source} are {lowest}..{highest}, but `num_classes={num_classes}` '
                f'has the classes 0..{num_classes - 1}: {_advice(lowest, highest, num_classes)}'
            )
        if needed and labelled < part.num_listed:
            raise InputError(
                f'{part.num_listed - labelled} of {part.num_listed} videos of {source} have no '
                'label, which training and evaluating a classifier need'
            )


def _advice(lowest: int, highest: int, num_classes: int) -> str:
    if lowest == 1 and highest == num_classes:
        return 'do labels start at 1? They must start at 0'
    if lowest < 0:
        return 'remove the videos without a class'
    return f'set `num_classes` to {highest + 1}, or correct the list'
