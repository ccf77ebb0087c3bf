"""The nearest videos of an index."""

import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import PurePath
from typing import NamedTuple

import numpy as np
import torch

from vsslbox.errors import InputError
from vsslbox.evaluation.functional import nearest_neighbours
from vsslbox.search.video_index import VideoIndex
from vsslbox.utils import escaped

__all__ = ['Neighbour', 'find_neighbours', 'place_of', 'select']


class Neighbour(NamedTuple):
    """A video that is near another.

    Attributes:
        place: Its place in the index.
        distance: The cosine distance, from 0 to 2.
    """

    place: int
    distance: float


def select(index: VideoIndex, where: Mapping[str, str]) -> list[int]:
    """Return the places of the videos that have all of some labels.

    Raises:
        InputError: The index has no such column, or no video with these labels.
    """
    for column, value in where.items():
        if column not in index.labels:
            raise InputError(
                f'{index.folder} has no labels {column!r}; it has {sorted(index.labels)}'
            )
        values = sorted(set(filter(None, index.labels[column])))
        if value not in values:
            near = get_close_matches(value, values, 1)
            hint = f'did you mean {near[0]!r}?' if near else f'it has {values[:20]}'
            raise InputError(f'no video of {index.folder} has {column}={value}: {hint}')
    places = [
        place
        for place in range(len(index))
        if all(index.labels[column][place] == value for column, value in where.items())
    ]
    if not places:
        raise InputError(f'no video of {index.folder} has all of {dict(where)}')
    return places


def place_of(index: VideoIndex, query: str) -> int | None:
    """Return the place of a video that is named by its path or by the end of it.

    Returns:
        None if the query is a file that is not in the index.

    Raises:
        InputError: There is no such file, and no video or several of the index end so.
    """
    path = os.path.abspath(query)
    if path in index.paths:
        return index.paths.index(path)
    if os.path.lexists(path):
        return None
    parts = PurePath(query).parts
    found = [
        p for p, path in enumerate(index.paths) if PurePath(path).parts[-len(parts) :] == parts
    ]
    if not found:
        near = get_close_matches(query, index.names, 1)
        hint = f': did you mean {escaped(near[0])}?' if near else ''
        raise InputError(f'{query} is neither a file nor a video of {index.folder}{hint}')
    if len(found) > 1:
        shown = ', '.join(escaped(index.names[place]) for place in found[:5])
        raise InputError(f'{len(found)} videos of {index.folder} are called {query}: {shown}')
    return found[0]


def find_neighbours(
    index: VideoIndex,
    features: np.ndarray,
    own: Sequence[int | None],
    k: int,
    places: Sequence[int],
) -> list[list[Neighbour]]:
    """Find the nearest videos of an index, exactly.

    Args:
        index: The index.
        features: Those of the queries, ``[Q, F]``.
        own: The place of each query in the index, which is not its neighbour; None if it has none.
        k: The number of neighbours.
        places: The places of the videos to search among.

    Returns:
        The neighbours of each query, the nearest first.
    """
    places = np.asarray(places)
    similarities, found = nearest_neighbours(
        torch.from_numpy(np.ascontiguousarray(features)),
        torch.from_numpy(index.features[places]),
        k,
        query_groups=torch.tensor([-1 if place is None else place for place in own]),
        gallery_groups=torch.from_numpy(places),
    )
    return [
        [
            Neighbour(int(places[place]), 1 - similarity)
            for similarity, place in zip(values.tolist(), row.tolist())
            if np.isfinite(similarity)
        ]
        for values, row in zip(similarities, found)
    ]
