"""The features of a data set and what is known of its videos."""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ['FeatureSet', 'as_ids', 'group_ids']


@dataclass
class FeatureSet:
    """One feature a video, in the order of the list.

    Args:
        features: ``[N, F]``, float32.
        attributes: What the list says of each video: its name, labels, group.
        list_hash: The hash of the list's names.
    """

    features: Tensor
    attributes: list[dict]
    list_hash: str = ''

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or len(self.features) != len(self.attributes):
            raise ValueError(
                f'expected features [N, F] for {len(self.attributes)} videos, got '
                f'{list(self.features.shape)}'
            )

    def __len__(self) -> int:
        return len(self.features)

    def column(self, name: str) -> list:
        """An attribute of every video.

        Raises:
            ValueError: The list has no such attribute.
        """
        try:
            return [attributes[name] for attributes in self.attributes]
        except KeyError:
            known = sorted(set.intersection(*(set(known) for known in self.attributes)))
            raise ValueError(f'the list has no column {name!r}; it has {known}') from None


def as_ids(*columns: list) -> list[Tensor]:
    """Number the distinct values of several columns alike.

    Args:
        columns: Lists of hashable values.

    Returns:
        For each column int64 ids, ``[len(column)]``; equal values have equal ids.
    """
    ids: dict = {}
    return [torch.tensor([ids.setdefault(value, len(ids)) for value in col]) for col in columns]


def group_ids(
    queries: FeatureSet, gallery: FeatureSet, column: str | None
) -> tuple[Tensor, Tensor] | tuple[None, None]:
    """Ids of a column's values in both sets; None for both without a column."""
    if column is None:
        return None, None
    return tuple(as_ids(queries.column(column), gallery.column(column)))
