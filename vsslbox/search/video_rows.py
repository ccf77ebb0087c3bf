"""The rows of an index: what is found out about each video."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from torch import Tensor

from vsslbox.datasets.readers import VideoError
from vsslbox.datasets.readers.pyav_reader import open_stream
from vsslbox.datasets.video_names import keys_of, stamp_of
from vsslbox.search.video_index import features_of
from vsslbox.utils import optional_module, whole_file

if TYPE_CHECKING:
    import pyarrow

__all__ = ['Embedder', 'Stamp', 'VideoRow', 'embed_rows', 'rows_of', 'table_of', 'write_table']


class Embedder(Protocol):
    """What computes features; :class:`vsslbox.apis.VideoEmbedder` with ``skip_bad`` does.

    Attributes:
        videos: The videos of the batches so far.
        bad_videos: Those that were passed over, with the reason.
    """

    videos: list[str]
    bad_videos: dict[str, str]

    def preprocess(self, inputs: list[str], batch_size: int) -> Iterator[dict]:
        """Yield the batches of videos."""

    def forward(self, inputs: dict) -> Tensor:
        """Return the features of a batch, ``[N, F]``."""


class Stamp(NamedTuple):
    """What stays the same as long as a file does: its size, and its time in nanoseconds."""

    bytes: int
    modified: int

    @classmethod
    def of(cls, name: str) -> 'Stamp':
        """Return the stamp of a video; see :func:`stamp_of`."""
        return cls(*stamp_of(name))


class VideoRow(NamedTuple):
    """What an index knows of a video; ``reason`` says why it has no feature."""

    stamp: Stamp
    seconds: float | None = None
    fps: float | None = None
    feature: np.ndarray | None = None
    reason: str | None = None


def embed_rows(
    embedder: Embedder, stamps: Mapping[str, Stamp], batch_size: int = 8
) -> Iterator[dict[str, VideoRow]]:
    """Yield what is found out about the videos of each batch, by path.

    Args:
        embedder: Computes the features.
        stamps: The videos, in the order of the batches, with their stamps.
        batch_size: The number of videos computed at a time.
    """
    told = 0
    if not stamps:
        return
    for batch in embedder.preprocess(list(stamps), batch_size):
        features = embedder.forward(batch).numpy()
        found = {
            video: _row_of(video, stamps[video], feature)
            for video, feature in zip(embedder.videos[-len(features) :], features)
        }
        bad = list(embedder.bad_videos.items())[told:]
        told += len(bad)
        yield {**found, **{v: VideoRow(stamps[v], reason=reason) for v, reason in bad}}
    bad = list(embedder.bad_videos.items())[told:]
    yield {video: VideoRow(stamps[video], reason=reason) for video, reason in bad}


def _row_of(video: str, stamp: Stamp, feature: np.ndarray) -> VideoRow:
    if not np.isfinite(feature).all():
        return VideoRow(stamp, reason='its features are not finite')
    return VideoRow(stamp, *_length_and_rate(video), feature=feature)


def _length_and_rate(video: str) -> tuple[float | None, float | None]:
    """Return the seconds and the frames a second of a video, as far as its header says."""
    keys = keys_of(video)
    try:
        container, stream = open_stream(keys['filename'], keys.get('source'))
    except VideoError:  # another reader has read it
        return None, None
    with container:
        rate = float(stream.average_rate) if stream.average_rate else None
        if 'shot' in keys:
            return keys['shot'][1] - keys['shot'][0], rate
        if stream.duration:
            return float(stream.duration * stream.time_base), rate
        return (container.duration / 1e6 if container.duration else None), rate


# --------------------------------------------------------------------------- tables


def table_of(rows: Mapping[str, VideoRow], size: int) -> 'pyarrow.Table':
    """Return rows as a table; those without a feature have zeros and the reason.

    Args:
        rows: The rows by path.
        size: The length of the features.
    """
    pyarrow = optional_module('pyarrow', 'search')
    zeros = np.zeros(size, np.float32)
    features = [zeros if row.feature is None else row.feature for row in rows.values()]
    flat = pyarrow.array(np.concatenate(features), pyarrow.float32())
    values = list(rows.values())
    columns: dict[str, Any] = dict(
        path=pyarrow.array(rows, pyarrow.string()),
        bytes=pyarrow.array([row.stamp.bytes for row in values], pyarrow.int64()),
        modified=pyarrow.array([row.stamp.modified for row in values], pyarrow.int64()),
        seconds=pyarrow.array([row.seconds for row in values], pyarrow.float64()),
        fps=pyarrow.array([row.fps for row in values], pyarrow.float64()),
        feature=pyarrow.FixedSizeListArray.from_arrays(flat, size),
        reason=pyarrow.array([row.reason for row in values], pyarrow.string()),
    )
    return pyarrow.table(columns)


def write_table(table: 'pyarrow.Table', path: Path) -> None:
    """Write a table to a file that gets its name when it is complete."""
    parquet = optional_module('pyarrow.parquet', 'search')
    with whole_file(path) as unfinished:
        parquet.write_table(table, unfinished)


def rows_of(table: 'pyarrow.Table') -> dict[str, VideoRow]:
    """Return the rows of a table by path."""
    columns = {name: table[name].to_pylist() for name in table.column_names if name != 'feature'}
    reasons = columns.get('reason', [None] * len(table))
    stamps = map(Stamp, columns['bytes'], columns['modified'])
    return {
        path: VideoRow(stamp, seconds, fps, None if reason else feature, reason)
        for path, stamp, seconds, fps, feature, reason in zip(
            columns['path'],
            stamps,
            columns['seconds'],
            columns['fps'],
            features_of(table),
            reasons,
        )
    }
