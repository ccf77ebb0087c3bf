"""Lists of video files, and folders of them."""

import csv
import io
from collections.abc import Collection, Sequence
from pathlib import Path

from vsslbox.datasets.base_video_dataset import BaseVideoDataset
from vsslbox.datasets.transforms.steps import Steps
from vsslbox.errors import InputError
from vsslbox.registry import DATASETS

__all__ = ['VideoDataset']

ENDINGS = {'.avi', '.flv', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.ts', '.webm', '.wmv'}


@DATASETS.register_module()
class VideoDataset(BaseVideoDataset):
    """Video files: those of a list, or all in a folder.

    The list is one of

    * nothing: all video files below the folder, in the order of their names;
    * text in mmaction2's formats: ``path``, ``path label`` or ``path label label ...``;
    * CSV with a header: a column ``path`` and any others, which become attributes of the video.

    Args:
        ann_file: The list, relative to ``data_root``.
        pipeline: The steps or their configs, as a list or by name; see :func:`list_steps`.
        data_root: The folder of the data.
        data_prefix: ``dict(video=...)``, the folder of the files, below ``data_root``.
        where: Use only the rows of a CSV list that have these values, such as
            ``dict(split='train')``.
        label: The column of a CSV list that holds the class. Class names are numbered in the order
            of ``metainfo['classes']`` if given, else in alphabetical order over the whole list,
            regardless of ``where``.
        delimiter: The separator of the fields of a text list.
        endings: File name endings that count as videos when a folder is searched, such as
            ``['.zip']`` for the reader ``zip``.
        kwargs: As for :class:`BaseVideoDataset`.

    Raises:
        FileNotFoundError: The folder, the list or a file of the list does not exist.
        InputError: The folder holds no video, or the list cannot be read.
    """

    prefix_key = 'video'
    path_key = 'filename'

    def __init__(
        self,
        ann_file: str = '',
        pipeline: Steps = (),
        data_root: str | None = None,
        data_prefix: dict | None = None,
        where: dict | None = None,
        label: str = 'label',
        delimiter: str = ' ',
        endings: Collection[str] = ENDINGS,
        **kwargs,
    ) -> None:
        if not isinstance(where, dict | None):
            raise InputError(f'`where` must be a dict of columns and values, got {where!r}')
        self.where = dict(where or {})
        self.label = label
        self.delimiter = delimiter
        if isinstance(endings, str) or not all(ending.startswith('.') for ending in endings):
            raise InputError(f"`endings` must be a list such as ['.zip'], got {endings!r}")
        self.endings = {ending.lower() for ending in endings}
        self.line_format = (
            f'`path`, `path label` or `path label label ...` with integer labels, separated by '
            f'{delimiter!r} (paths that contain it need a CSV list)'
        )
        super().__init__(ann_file, pipeline, data_root, data_prefix, **kwargs)

    def _search(self) -> list[dict]:
        names = sorted(
            Path(folder, name).as_posix()
            for folder, files in self._walk()
            for name in files
            if Path(name).suffix.lower() in self.endings
        )
        if not names:
            raise InputError(
                f'no videos in {self.data_prefix["video"]}: looked for files that end in '
                f'{", ".join(sorted(self.endings))}'
            )
        return [dict(attributes=dict(name=name)) for name in names]

    def _parse_line(self, line: str) -> tuple[dict, list[int]]:
        name, *labels = line.split(self.delimiter)
        return dict(attributes=dict(name=name)), [int(label) for label in labels]

    def _read_list(self) -> list[dict]:
        if self.ann_file.lower().endswith('.csv'):
            return self._read_csv()
        if self.where:
            raise InputError(f'`where` needs a CSV list with a header, got {self.ann_file}')
        return super()._read_list()

    def _read_csv(self) -> list[dict]:
        header, rows = self._csv_rows()
        columns = {name: _as_integers(values) for name, values in zip(header, zip(*rows))}
        class_ids = self._class_ids(columns[self.label]) if self.label in columns else None
        entries = []
        for number, row in enumerate(rows):
            raw = dict(zip(header, row))
            if any(raw[column] != str(value) for column, value in self.where.items()):
                continue
            attributes = {name: values[number] for name, values in columns.items()}
            entry = dict(attributes=dict(attributes, name=raw['path']))
            if class_ids is not None:
                entry['label'] = class_ids[number]
            entries.append(entry)
        if not entries:
            raise InputError(f'no row of {self.ann_file} has {self.where}')
        return entries

    def _csv_rows(self) -> tuple[list[str], list[list[str]]]:
        """Return the names of the columns, and the rows below them."""
        reader = csv.reader(io.StringIO(self._list_text(), newline=''))
        header = next(reader)
        needed = ['path', *self.where] + [self.label] * (self.label != 'label')
        for column in needed:
            if column not in header:
                use = ', which `where` selects by' if column in self.where else ''
                raise InputError(f'{self.ann_file} has no column {column!r}{use}; it has {header}')
        rows = []
        for row in reader:
            if row and len(row) != len(header):
                expected = f'a row of the {len(header)} columns {header}'
                raise self._line_error(reader.line_num, ','.join(row), expected)
            if row:
                rows.append(row)
        if not rows:
            raise InputError(f'the list {self.ann_file} has no rows below its header')
        return header, rows

    def _class_ids(self, labels: list[int] | list[str]) -> list[int]:
        """Convert labels to numbers; class names go to ``metainfo['classes']``."""
        if isinstance(labels[0], int):
            return labels
        classes = self._metainfo.setdefault('classes', sorted(set(labels)))
        unknown = sorted(set(labels).difference(classes))
        if unknown:
            raise InputError(
                f"{self.ann_file} has classes that metainfo['classes'] lacks: {unknown[:5]}"
            )
        numbers = {name: number for number, name in enumerate(classes)}
        return [numbers[name] for name in labels]


def _as_integers(values: Sequence[str]) -> list[int] | list[str]:
    """Convert a column to integers if every value is one."""
    try:
        return [int(value) for value in values]
    except ValueError:
        return list(values)
