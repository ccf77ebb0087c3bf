"""The annotated segments of untrimmed videos, checked."""

import math
from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Any

from vsslbox.datasets.list_values import warn_once
from vsslbox.errors import InputError

__all__ = ['check_segments']

# Segments of ActivityNet end up to 0.85 seconds after their video, and are cut there.
SLACK = 1.0
LENGTHS = 'duration_second', 'duration_frame', 'feature_frame'
SHOWN = 3
WIDTH = 200


def check_segments(videos: Mapping[str, Any], source: str) -> None:
    """Refuse segments outside their video or with a start after the end; warn of empty ones.

    ActivityNet has some segments that end where they start. Its code keeps them, and so does this.

    Args:
        videos: The entries of a list, by the name of the video.
        source: The list.

    Raises:
        InputError: An entry is incomplete, or a segment cannot be right.
    """
    wrong, empty, total = [], [], 0
    for name, entry in videos.items():
        _check_entry(name, entry, source)
        for annotation in entry['annotations']:
            segment = annotation['segment']
            reason = _obstacle(segment, entry['duration_second'])
            total += 1
            if reason:
                wrong.append(f'{name}: {segment} {reason}')
            elif segment[0] == segment[1]:
                empty.append(f'{name}: {segment}')
    if wrong:
        raise InputError(
            f'{len(wrong)} of {total} segments of {source} are wrong, and must be [start, end] in '
            f'seconds from the beginning of the video: {_some(wrong)}'
        )
    if empty:
        warn_once(
            f'{len(empty)} of {total} segments of {source} end where they start; they count, but '
            f'no proposal finds them: {_some(empty)}'
        )


def _check_entry(name: str, entry: Any, source: str) -> None:
    lengths: list[Any] = [entry.get(key) for key in LENGTHS] if isinstance(entry, Mapping) else []
    if not lengths or not all(map(_is_number, lengths)) or min(lengths) <= 0:
        raise InputError(
            f'{source}: the entry of {name} must have {", ".join(LENGTHS)} above 0, it is '
            f'{shorten(str(entry), WIDTH)}'
        )
    annotations = entry.get('annotations')
    if not isinstance(annotations, list) or not all(
        isinstance(one, Mapping) and {'segment', 'label'} <= one.keys() for one in annotations
    ):
        raise InputError(
            f'{source}: `annotations` of {name} must be a list, each with `segment` and `label`, '
            f'not {shorten(str(annotations), WIDTH)}'
        )


def _obstacle(segment: Any, duration: float) -> str:
    """Return what is wrong with a segment of a video of some seconds; empty if nothing is."""
    is_pair = isinstance(segment, list) and len(segment) == 2 and all(map(_is_number, segment))
    if not is_pair:
        return 'is not two numbers'
    start, end = segment
    if start > end:
        return 'starts after its end'
    if start < 0:
        return 'starts before the video'
    if start >= duration or end > duration + SLACK:
        return f'ends after the video, which lasts {duration:g} s'
    return ''


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)


def _some(texts: Sequence[str]) -> str:
    return '; '.join([*texts[:SHOWN], '...'][: len(texts)])
