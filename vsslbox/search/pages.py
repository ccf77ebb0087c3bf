"""Self-contained HTML pages whose videos play."""

import os
from collections.abc import Sequence
from typing import Any

from vsslbox.preparation.video_jobs import Failure, run_jobs
from vsslbox.search.small_clips import SmallClip, small_clip
from vsslbox.visualization import page

__all__ = ['make_clips', 'write_page']


Place = tuple[str, float | None]
"""A video, and where its clip begins in seconds; None for the middle."""


def make_clips(places: Sequence[Place], num_workers: int) -> dict[Place, SmallClip | None]:
    """Return the clip at each place; None where the video cannot be read."""
    results = run_jobs(_clip_at, list(dict.fromkeys(places)), num_workers, 'clips')
    return {place: None if isinstance(clip, Failure) else clip for place, clip in results}


def _clip_at(place: Place) -> SmallClip:
    return small_clip(*place)


def write_page(
    path: str | os.PathLike, template: str, scripts: Sequence[str], **values: Any
) -> None:
    """Write a page from a template and scripts of this package, which loads nothing else.

    Args:
        path: The HTML file; missing folders are created.
        template: The name of the template, which extends ``page.html``.
        scripts: The names of its scripts.
        values: What the template shows.
    """
    page.write_page(path, 'vsslbox.search', template, values, scripts)
