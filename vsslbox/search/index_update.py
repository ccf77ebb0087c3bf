"""Making an index, and keeping it up to date."""

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_csv, write_csv, write_text
from vsslbox.search.video_index import (
    COLUMNS,
    FEATURES,
    ORIGIN,
    VIDEOS,
    origin_of_index,
    origin_text,
    read_table,
)
from vsslbox.search.video_rows import Stamp, VideoRow, rows_of, table_of, write_table
from vsslbox.utils import escaped, is_utf8, optional_module, whole_file

__all__ = ['Embed', 'IndexUpdate', 'update_index']

Embed = Callable[[Mapping[str, Stamp]], Iterator[dict[str, VideoRow]]]
"""Yields what is found out about videos, by path, in any order and some at a time."""

BAD_VIDEOS = 'bad_videos.csv'
BAD_COLUMNS = ('path', 'bytes', 'modified', 'reason')
SAVE_SECONDS = 30.0  # between two saves: a killed run loses no more


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


def update_index(
    folder: str | os.PathLike,
    videos: Iterable[str],
    embed: Embed,
    checkpoint: str,
    sha256: str,
    labels: Mapping[str, Mapping[str, str]] | None = None,
) -> IndexUpdate:
    """Add videos to an index, which is made if there is none.

    Videos of the index whose size or time has changed get new features, and those that no longer
    exist are left out. What a killed run has saved is not computed again. The index is one file,
    which is replaced as a whole.

    Args:
        folder: The folder of the index.
        videos: Video files.
        embed: Computes the rows of new videos, such as :func:`embed_rows` for an embedder.
        checkpoint: The checkpoint of the features: the path of its file, or ``zoo://NAME``.
        sha256: The hash of its file.
        labels: The labels of each video by the column's name and by its absolute path, instead of
            those of the index.

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
        update = _Update(folder, embed, checkpoint, sha256)
        return update.run([os.path.abspath(video) for video in videos], labels)


class _Update:
    """One update of an index."""

    def __init__(self, folder: Path, embed: Embed, checkpoint: str, sha256: str) -> None:
        self.folder = folder
        self.embed = embed
        self.checkpoint, self.sha256 = checkpoint, sha256
        self.rows, self.labels = self._whole()
        self.indexed = {path for path, row in self.rows.items() if row.feature is not None}
        for path in self._parts():
            self.rows.update(rows_of(read_table(path)))
        self.saved = len(self._parts())
        self.unsaved: dict[str, VideoRow] = {}
        self.report = IndexUpdate()

    def run(
        self,
        videos: Sequence[str],
        labels: Mapping[str, Mapping[str, str]] | None,
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
        self._embed({video: stamps[video] for video in pending})
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

    def _whole(self) -> tuple[dict[str, VideoRow], dict[str, dict[str, str]]]:
        """Return the videos of the index, with those it could not read, and the labels."""
        rows, labels = {}, {}
        bad = self.folder / BAD_VIDEOS
        if bad.is_file():
            rows = {row['path']: _bad_row(row) for row in read_csv(bad, *BAD_COLUMNS)}
        if (self.folder / VIDEOS).is_file():
            table = read_table(self.folder / VIDEOS)
            rows.update(rows_of(table))
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

    def _stamps(self, videos: Sequence[str]) -> dict[str, Stamp]:
        """Return the stamps of the videos that are given or known, without unfit names."""
        stamps = {}
        for video in dict.fromkeys([*videos, *self.rows]):
            if not is_utf8(video):
                self.report.bad[video] = 'its name is not UTF-8: rename it'
                continue
            try:
                stamps[video] = Stamp.of(video)
            except OSError as error:
                self.report.bad[video] = error.strerror or str(error)
        return stamps

    # ------------------------------------------------------------------ what is new

    def _embed(self, pending: dict[str, Stamp]) -> None:
        """Compute the features of videos, and save them now and then."""
        last = time.monotonic()
        for found in self.embed(pending):
            self.rows.update(found)
            self.unsaved.update(found)
            if time.monotonic() - last >= SAVE_SECONDS:
                self._save()
                last = time.monotonic()
        self._save()

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
        write_table(table_of(self.unsaved, size), self.folder / f'new-{self.saved:06}.parquet')
        self.saved += 1
        self.unsaved = {}

    # ------------------------------------------------------------------ the files

    def _write(self, rows: dict[str, VideoRow], labels: Mapping[str, Mapping[str, str]]) -> None:
        """Write the index."""
        pyarrow = optional_module('pyarrow', 'search')
        paths = sorted(rows)
        table = table_of({path: rows[path] for path in paths}, len(rows[paths[0]].feature))
        table = table.drop_columns(['reason'])
        for name, values in labels.items():
            column = pyarrow.array([values.get(path) for path in paths], pyarrow.string())
            table = table.append_column(name, column)
        origin = (self.folder / ORIGIN).read_text('utf-8')
        table = table.replace_schema_metadata({'vsslbox': origin})
        write_table(table, self.folder / VIDEOS)
        # For others. The table is the index: a kill in between leaves it whole.
        with whole_file(self.folder / FEATURES) as unfinished, open(unfinished, 'wb') as file:
            np.save(file, np.stack([rows[path].feature for path in paths]))

    def _write_bad(self, bad: dict[str, VideoRow]) -> None:
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
    """Return whether there is no such video; one that cannot be looked at is not gone."""
    try:
        Stamp.of(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _bad_row(row: dict[str, str]) -> VideoRow:
    """Return a row of the list of bad videos; one without a readable stamp is tried again."""
    try:
        stamp = Stamp(int(row['bytes']), int(row['modified']))
    except ValueError:
        stamp = Stamp(-1, -1)
    return VideoRow(stamp, reason=row['reason'])
