"""Making an index, and keeping it up to date."""

import fcntl
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from torch import Tensor

from vsslbox.datasets.readers import VideoError
from vsslbox.datasets.readers.pyav_reader import open_stream
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_csv, write_csv, write_text
from vsslbox.search.video_index import (
    COLUMNS,
    FEATURES,
    ORIGIN,
    VIDEOS,
    features_of,
    origin_of_index,
    origin_text,
    read_table,
)
from vsslbox.utils import escaped, optional_module, whole_file

if TYPE_CHECKING:
    import pyarrow

__all__ = ['Embedder', 'IndexUpdate', 'update_index']

BAD_VIDEOS = 'bad_videos.csv'
BAD_COLUMNS = ('path', 'bytes', 'modified', 'reason')
SAVE_SECONDS = 30.0  # between two saves: a killed run loses no more


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


@dataclass
class IndexUpdate:
    """What an update has changed.

    Attributes:
        total: The videos in the index.
        added: Those that are new.
        changed: Those whose files have changed.
        gone: Those that were left out, since there is no such file any more.
        bad: The videos that have no features, with the reason.
    """

    total: int = 0
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)


class _Stamp(NamedTuple):
    """What stays the same as long as a file does: its size, and its time in nanoseconds."""

    bytes: int
    modified: int


class _Row(NamedTuple):
    """What an index knows of a video; ``reason`` says why it has no feature."""

    stamp: _Stamp
    seconds: float | None = None
    fps: float | None = None
    feature: np.ndarray | None = None
    reason: str | None = None


def update_index(
    folder: str | os.PathLike,
    videos: Iterable[str],
    embedder: Embedder,
    checkpoint: str,
    sha256: str,
    labels: Mapping[str, Mapping[str, str]] | None = None,
    batch_size: int = 8,
) -> IndexUpdate:
    """Add videos to an index, which is made if there is none.

    Videos of the index whose size or time has changed get new features, and those that no longer
    exist are left out. What a killed run has saved is not computed again. The index is one file,
    which is replaced as a whole.

    Args:
        folder: The folder of the index.
        videos: Video files.
        embedder: Computes the features.
        checkpoint: The checkpoint of the embedder: the path of its file, or ``zoo://NAME``.
        sha256: The hash of its file.
        labels: The labels of each video by the column's name and by its absolute path, instead of
            those of the index.
        batch_size: The number of videos computed at a time.

    Raises:
        InputError: The index is of another checkpoint, another process writes to it, none of its
            videos exists any more, or no video can be read.
    """
    folder = Path(folder)
    origin = origin_of_index(folder)
    if origin and origin['checkpoint_sha256'] != sha256:
        raise InputError(
            f'the index {folder} has the features of another checkpoint ({origin["checkpoint"]}, '
            f'SHA-256 {origin["checkpoint_sha256"][:12]}...), not of {checkpoint} '
            f'({sha256[:12]}...): choose another folder'
        )
    folder.mkdir(parents=True, exist_ok=True)
    with _only_writer(folder):
        update = _Update(folder, embedder, checkpoint, sha256)
        return update.run([os.path.abspath(video) for video in videos], labels, batch_size)


class _Update:
    """One update of an index."""

    def __init__(self, folder: Path, embedder: Embedder, checkpoint: str, sha256: str) -> None:
        self.folder = folder
        self.embedder = embedder
        self.checkpoint, self.sha256 = checkpoint, sha256
        self.rows, self.labels = self._whole()
        self.indexed = {path for path, row in self.rows.items() if row.feature is not None}
        for path in self._parts():
            self.rows.update(_rows_of(read_table(path)))
        self.saved = len(self._parts())
        self.unsaved: dict[str, _Row] = {}
        self.report = IndexUpdate()

    def run(
        self,
        videos: Sequence[str],
        labels: Mapping[str, Mapping[str, str]] | None,
        batch_size: int,
    ) -> IndexUpdate:
        """Embed what is new or has changed, and write the index."""
        report = self.report
        self._drop_gone()
        stamps = self._stamps(videos)
        pending = [
            video
            for video, stamp in sorted(stamps.items())
            if video not in self.rows or self.rows[video].stamp != stamp
        ]
        report.changed = [video for video in pending if video in self.indexed]
        self._embed(pending, stamps, batch_size)
        good = {path: row for path, row in self.rows.items() if row.feature is not None}
        bad = {path: row for path, row in self.rows.items() if row.feature is None}
        report.added = sorted(good.keys() - self.indexed)
        report.changed = [video for video in report.changed if video in good]
        report.total = len(good)
        report.bad.update((path, row.reason) for path, row in bad.items() if path in stamps)
        if good:
            self._write(good, self.labels if labels is None else labels)
        self._write_bad(bad)
        for path in (*self._parts(), *self.folder.glob('*.unfinished')):
            path.unlink()
        if not good:
            first = next(iter(report.bad.items()), ('', ''))
            raise InputError(
                f'none of the videos could be read: {escaped(first[0])}: {first[1]}; all are '
                f'listed in {self.folder / BAD_VIDEOS}'
            )
        return report

    # ------------------------------------------------------------------ what is there

    def _whole(self) -> tuple[dict[str, _Row], dict[str, dict[str, str]]]:
        """Return the videos of the index, with those it could not read, and the labels."""
        rows, labels = {}, {}
        bad = self.folder / BAD_VIDEOS
        if bad.is_file():
            rows = {row['path']: _bad_row(row) for row in read_csv(bad, *BAD_COLUMNS)}
        if (self.folder / VIDEOS).is_file():
            table = read_table(self.folder / VIDEOS)
            rows.update(_rows_of(table))
            paths = table['path'].to_pylist()
            for name in table.column_names:
                if name not in COLUMNS:
                    values = zip(paths, table[name].to_pylist())
                    labels[name] = {path: value for path, value in values if value is not None}
        return rows, labels

    def _parts(self) -> list[Path]:
        """Return the files of what is not yet in the index, in the order of writing."""
        return sorted(self.folder.glob('new-*.parquet'))

    def _drop_gone(self) -> None:
        """Leave out the videos whose files no longer exist.

        Raises:
            InputError: That would be all of them.
        """
        indexed = [path for path, row in self.rows.items() if row.feature is not None]
        gone = {path for path in self.rows if _is_gone(path)}
        self.report.gone = sorted(gone.intersection(indexed))
        if indexed and len(self.report.gone) == len(indexed):
            raise InputError(
                f'none of the {len(indexed)} videos of {self.folder} exists any more, such as '
                f'{escaped(indexed[0])}: is a disk missing? If they were moved, delete the index'
            )
        for path in gone:
            del self.rows[path]

    def _stamps(self, videos: Sequence[str]) -> dict[str, _Stamp]:
        """Return the stamps of the videos that are given or known, without unfit names."""
        stamps = {}
        for video in dict.fromkeys([*videos, *self.rows]):
            try:
                video.encode()
                status = os.stat(video)
            except UnicodeEncodeError:
                self.report.bad[video] = 'its name is not UTF-8: rename it'
            except OSError as error:
                self.report.bad[video] = error.strerror or str(error)
            else:
                stamps[video] = _Stamp(status.st_size, status.st_mtime_ns)
        return stamps

    # ------------------------------------------------------------------ what is new

    def _embed(self, pending: list[str], stamps: dict[str, _Stamp], batch_size: int) -> None:
        """Compute the features of videos, and save them now and then."""
        last = time.monotonic()
        for found in self._batches(pending, stamps, batch_size):
            self.rows.update(found)
            self.unsaved.update(found)
            if time.monotonic() - last >= SAVE_SECONDS:
                self._save()
                last = time.monotonic()
        self._save()

    def _batches(
        self, pending: list[str], stamps: dict[str, _Stamp], batch_size: int
    ) -> Iterator[dict[str, _Row]]:
        """Yield what is found out about the videos of each batch."""
        embedder, told = self.embedder, 0
        if not pending:
            return
        for batch in embedder.preprocess(pending, batch_size):
            features = embedder.forward(batch).numpy()
            found = {
                video: _good_row(video, stamps[video], feature)
                for video, feature in zip(embedder.videos[-len(features) :], features)
            }
            bad = list(embedder.bad_videos.items())[told:]
            told += len(bad)
            yield {**found, **{v: _Row(stamps[v], reason=reason) for v, reason in bad}}
        bad = list(embedder.bad_videos.items())[told:]
        yield {video: _Row(stamps[video], reason=reason) for video, reason in bad}

    def _save(self) -> None:
        """Write what is found out into a file of its own, which a later run reads.

        The first has a feature, whose length the others need.
        """
        size = next((len(row.feature) for row in self.rows.values() if row.reason is None), None)
        if not self.unsaved or size is None:
            return
        if not (self.folder / ORIGIN).is_file():
            text = origin_text(self.checkpoint, self.sha256, size)
            write_text(self.folder / ORIGIN, [text])
        _write_table(_table(self.unsaved, size), self.folder / f'new-{self.saved:06}.parquet')
        self.saved += 1
        self.unsaved = {}

    # ------------------------------------------------------------------ the files

    def _write(self, rows: dict[str, _Row], labels: Mapping[str, Mapping[str, str]]) -> None:
        """Write the index."""
        pyarrow = optional_module('pyarrow', 'search')
        paths = sorted(rows)
        table = _table({path: rows[path] for path in paths}, len(rows[paths[0]].feature))
        table = table.drop_columns(['reason'])
        for name, values in labels.items():
            column = pyarrow.array([values.get(path) for path in paths], pyarrow.string())
            table = table.append_column(name, column)
        origin = (self.folder / ORIGIN).read_text('utf-8')
        table = table.replace_schema_metadata({'vsslbox': origin})
        _write_table(table, self.folder / VIDEOS)
        # For others. The table is the index: a kill in between leaves it whole.
        with whole_file(self.folder / FEATURES) as unfinished, open(unfinished, 'wb') as file:
            np.save(file, np.stack([rows[path].feature for path in paths]))

    def _write_bad(self, bad: dict[str, _Row]) -> None:
        """List the videos that have no features; no list if there are none."""
        path = self.folder / BAD_VIDEOS
        rows = [(video, *row.stamp, row.reason) for video, row in bad.items()]
        unfit = [video for video in self.report.bad if video not in bad]
        rows += [(escaped(video), '', '', self.report.bad[video]) for video in unfit]
        if rows:
            write_csv(path, [BAD_COLUMNS, *sorted(rows)])
        else:
            path.unlink(missing_ok=True)


@contextmanager
def _only_writer(folder: Path) -> Iterator[None]:
    """Keep other processes from writing to an index.

    Raises:
        InputError: Another one does.
    """
    with open(folder / 'index.lock', 'w') as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # workers do not inherit this lock
        except OSError as error:
            raise InputError(f'another process writes to the index {folder} ({error})') from None
        yield


def _is_gone(path: str) -> bool:
    """Return whether there is no such file; one that cannot be looked at is not gone."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _good_row(video: str, stamp: _Stamp, feature: np.ndarray) -> _Row:
    if not np.isfinite(feature).all():
        return _Row(stamp, reason='its features are not finite')
    return _Row(stamp, *_length_and_rate(video), feature=feature)


def _bad_row(row: dict[str, str]) -> _Row:
    """Return a row of the list of bad videos; one without a readable stamp is tried again."""
    try:
        stamp = _Stamp(int(row['bytes']), int(row['modified']))
    except ValueError:
        stamp = _Stamp(-1, -1)
    return _Row(stamp, reason=row['reason'])


def _length_and_rate(video: str) -> tuple[float | None, float | None]:
    """Return the seconds and the frames a second of a file, as far as its header says."""
    try:
        container, stream = open_stream(video)
    except VideoError:  # another reader has read it
        return None, None
    with container:
        rate = float(stream.average_rate) if stream.average_rate else None
        if stream.duration:
            return float(stream.duration * stream.time_base), rate
        return (container.duration / 1e6 if container.duration else None), rate


def _table(rows: dict[str, _Row], size: int) -> 'pyarrow.Table':
    """Return rows as a table; those without a feature have zeros and the reason."""
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


def _write_table(table: 'pyarrow.Table', path: Path) -> None:
    parquet = optional_module('pyarrow.parquet', 'search')
    with whole_file(path) as unfinished:
        parquet.write_table(table, unfinished)


def _rows_of(table: 'pyarrow.Table') -> dict[str, _Row]:
    """Return the rows of a table by path."""
    columns = {name: table[name].to_pylist() for name in table.column_names if name != 'feature'}
    reasons = columns.get('reason', [None] * len(table))
    stamps = map(_Stamp, columns['bytes'], columns['modified'])
    return {
        path: _Row(stamp, seconds, fps, None if reason else feature, reason)
        for path, stamp, seconds, fps, feature, reason in zip(
            columns['path'],
            stamps,
            columns['seconds'],
            columns['fps'],
            features_of(table),
            reasons,
        )
    }
