"""Names of videos that are no files of their own: segments of a video, and members of a shard."""

import os
import re
from functools import lru_cache
from typing import Any

from vsslbox.datasets.shard_dataset import ShardDataset

__all__ = ['keys_of', 'segment_name', 'split_segment', 'stamp_of']

SEGMENT = re.compile(r'(.+)\[(\d[\d.e+-]*):(\d[\d.e+-]*)\]', re.DOTALL)
MEMBER = re.compile(r'(.*?)/([^/]+\.tar)/(.+)', re.DOTALL)


def segment_name(path: str, start: float, end: float) -> str:
    """Return the name of a segment of a video, from ``start`` to ``end`` in seconds."""
    return f'{path}[{start:.10g}:{end:.10g}]'


def split_segment(name: str) -> tuple[str, tuple[float, float] | None]:
    """Return the video of a name, and its segment in seconds; None for the whole video."""
    found = SEGMENT.fullmatch(name)
    return (found[1], (float(found[2]), float(found[3]))) if found else (name, None)


def keys_of(name: str) -> dict[str, Any]:
    """Return what a sample says about the video of a name.

    Returns:
        ``filename``; ``source`` of a member of a local shard, ``FOLDER/NAME.tar/VIDEO``; and
        ``shot``, the start and the end of a segment.

    Raises:
        FileNotFoundError: There is no such shard, or the video is not in it.
    """
    path, span = split_segment(name)
    keys: dict[str, Any] = dict(filename=path)
    member = MEMBER.fullmatch(path)
    if member and not os.path.isdir(os.path.join(member[1], member[2])):
        dataset, places = _shards(member[1])
        if member[3] not in places:
            raise FileNotFoundError(f'{member[3]} is not in the shards of {member[1]}')
        keys['source'] = dataset.get_data_info(places[member[3]])['source']
    return keys if span is None else dict(keys, shot=span)


def stamp_of(name: str) -> tuple[int, int]:
    """Return what stays the same as long as a video does.

    Returns:
        The bytes of its file and its time in nanoseconds; for a member of a shard its bytes and a
        number from their hash.

    Raises:
        OSError: There is no such video.
    """
    keys = keys_of(name)
    if 'source' in keys:
        return keys['source'].size, int.from_bytes(keys['source'].content[:7], 'big')
    status = os.stat(keys['filename'])
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=4)
def _shards(folder: str) -> tuple[ShardDataset, dict[str, int]]:
    """Return the videos of a folder of shards, and the place of each by its name."""
    dataset = ShardDataset(data_root=folder)
    infos = map(dataset.get_data_info, range(len(dataset)))
    return dataset, {info['attributes']['name']: place for place, info in enumerate(infos)}
