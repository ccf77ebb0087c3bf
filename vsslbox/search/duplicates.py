"""Near-duplicates: copies of a video that were encoded, cropped, mirrored or cut again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from vsslbox.datasets.list_values import warn_once
from vsslbox.preparation.video_jobs import Failure, run_jobs
from vsslbox.search.alignment import GEOMETRIES, Alignment, Geometry, best_alignment
from vsslbox.search.frame_signatures import frame_signatures
from vsslbox.utils import escaped

__all__ = ['DuplicatePair', 'clusters_of', 'duplicate_pairs', 'near_duplicates', 'read_signatures']

LIKE_FRAMES = 0.8  # the least cosine of a frame of one video and a frame of the other
LIKE_MOTION = 0.82  # the least score of a pair
# Every so many signatures of each video are compared to find candidates. All of the second are: in
# fast videos only frames of nearly the same moment are alike.
STEPS = (8, 1)
BLOCK = 4096  # signatures compared at a time


class DuplicatePair(NamedTuple):
    """Two near-duplicates.

    Attributes:
        first: The place of the one video.
        second: The place of the other.
        alignment: Their score, and how one was made of the other.
    """

    first: int
    second: int
    alignment: Alignment


def near_duplicates(
    paths_a: Sequence[str | PathLike],
    paths_b: Sequence[str | PathLike],
    num_workers: int = 2,
) -> list[tuple[int, int, float]]:
    """Find the videos of one list that are near-duplicates of videos of another.

    A near-duplicate shows the same recording: encoded again, resized, cropped to its middle (down
    to 0.8 of the sides), mirrored, brighter or darker, faster or slower (0.8 to 1.25), or cut.
    Other recordings of one scene are none. Files that cannot be read are told in a warning.

    Args:
        paths_a: Video files.
        paths_b: Video files.
        num_workers: The number of processes that decode.

    Returns:
        Index in ``paths_a``, index in ``paths_b`` and score of each pair, the highest first.
    """
    names_a, names_b = ([str(path) for path in paths] for paths in (paths_a, paths_b))
    pairs, bad = find_duplicates(names_a, names_b, num_workers)
    if bad:
        shown = '; '.join(f'{escaped(path)}: {reason}' for path, reason in list(bad.items())[:5])
        warn_once(f'{len(bad)} videos are not compared, since they cannot be read: {shown}')
    return [(pair.first, pair.second, pair.alignment.score) for pair in pairs]


def find_duplicates(
    videos: Sequence[str], others: Sequence[str] | None = None, num_workers: int = 2
) -> tuple[list[DuplicatePair], dict[str, str]]:
    """Find near-duplicates among video files.

    Args:
        videos: The files.
        others: Other files; None for pairs within the first, each once.
        num_workers: The number of processes that decode.

    Returns:
        The pairs, by places in the lists, the highest score first; and the reasons why some files
        cannot be read, by path.
    """
    signatures, bad = read_signatures([*videos, *(others or ())], num_workers)
    first, second = (
        [place for place, video in enumerate(some or ()) if video in signatures]
        for some in (videos, others)
    )
    pairs = duplicate_pairs(
        [signatures[videos[place]] for place in first],
        None if others is None else [signatures[others[place]] for place in second],
    )
    second = first if others is None else second
    return [
        pair._replace(first=first[pair.first], second=second[pair.second]) for pair in pairs
    ], bad


def read_signatures(
    paths: Iterable[str], num_workers: int
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return the signatures of video files, and the reasons why others have none, by path."""
    signatures, bad = {}, {}
    unique = list(dict.fromkeys(paths))
    for path, result in run_jobs(frame_signatures, unique, num_workers, 'comparing'):
        if isinstance(result, Failure):
            bad[path] = result.reason
        else:
            signatures[path] = result
    return signatures, bad


def duplicate_pairs(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray] | None = None
) -> list[DuplicatePair]:
    """Find near-duplicates by the signatures of videos.

    Pairs of which some frames have a like layout are candidates; those that move alike are near-
    duplicates. See :func:`best_alignment`.

    Args:
        first: The signatures of videos, ``[3, T, 63]`` each.
        second: Those of other videos; None for pairs within the first, each once.

    Returns:
        The pairs, the highest score first.
    """
    pairs = []
    for (i, j), geometries in sorted(_candidates(first, second).items()):
        alignment = best_alignment(first[i], (second or first)[j], geometries)
        if alignment.score >= LIKE_MOTION:
            pairs.append(DuplicatePair(i, j, alignment))
    return sorted(pairs, key=lambda pair: (-pair.alignment.score, pair[:2]))


def clusters_of(pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Number the clusters that pairs of videos form: chains of pairs are one cluster.

    Args:
        pairs: The numbers of two videos each.

    Returns:
        The number of each pair's cluster, from 1 in the order of the pairs.
    """
    if not pairs:
        return []
    first, second = np.array(pairs).T
    count = max(first.max(), second.max()) + 1
    links = coo_array((np.ones(len(pairs)), (first, second)), shape=(count, count))
    _, components = connected_components(links, directed=False)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(int(components[one]), len(numbers) + 1) for one in first]


def _candidates(
    first: Sequence[np.ndarray], second: Sequence[np.ndarray] | None
) -> dict[tuple[int, int], list[Geometry]]:
    """Return the pairs that have frames of a like layout, with the geometries that show it."""
    found = defaultdict(list)
    for geometry in GEOMETRIES:
        left = [geometry.of_first(one[:, :: STEPS[0]]) for one in first]
        right = [geometry.of_second(one[:, :: STEPS[1]]) for one in second or first]
        pairs = set()
        for owners, rows in _blocks(left):
            for other_owners, columns in _blocks(right):
                if second is None and owners[0] >= other_owners[-1]:
                    continue  # all of these are pairs that the other order finds
                hits = np.argwhere(rows @ columns.T >= LIKE_FRAMES)
                pairs.update(zip(owners[hits[:, 0]].tolist(), other_owners[hits[:, 1]].tolist()))
        for i, j in pairs:
            if second is not None or i < j:
                found[i, j].append(geometry)
    return found


def _blocks(videos: Sequence[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the signatures of all videos at length 1, with the video that each is of, in blocks."""
    if not videos:
        return
    owners = np.repeat(np.arange(len(videos)), [len(video) for video in videos])
    rows = np.concatenate(videos)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True).clip(min=1e-12)
    for start in range(0, len(rows), BLOCK):
        yield owners[start : start + BLOCK], rows[start : start + BLOCK]
