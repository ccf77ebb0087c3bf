"""Lists of video files, and folders of them."""

import csv
import io
import os
import posixpath
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from vsslbox.datasets.base_video_dataset import BaseVideoDataset
from vsslbox.datasets.list_values import (
    as_integer,
    as_integers,
    near_values,
    shown_columns,
    tell_near_values,
    warn_once,
)
from vsslbox.datasets.transforms.steps import Steps
from vsslbox.errors import InputError
from vsslbox.registry import DATASETS

__all__ = ['VideoDataset']

ENDINGS = {'.avi', '.flv', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.ts', '.webm', '.wmv'}
# Other videos, which a folder may hold and not every reader opens.
OTHER_ENDINGS = {
    *('.3gp', '.asf', '.divx', '.f4v', '.gif', '.m2ts', '.m2v', '.mpe', '.mts', '.mxf', '.ogv'),
    *('.rm', '.rmvb', '.vob', '.y4m'),
}


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
            ``dict(split='train')``, or one of several, ``dict(split=['val', 'test'])``.
        label: The column of a CSV list that holds the class. Class names are numbered in the order
            of ``metainfo['classes']`` if given, else in alphabetical order over the whole list,
            regardless of ``where``. A column of integers holds the numbers themselves, unless some
            are among these names.
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
        **kwargs: Any,
    ) -> None:
        if not isinstance(where, dict | None):
            raise InputError(f'`where` must be a dict of columns and values, got {where!r}')
        self.where = dict(where or {})
        self._label_column = label
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
        names: list[str] = []
        others: Counter[str] = Counter()
        for folder, files in self._walk():
            for name in files:
                ending = os.path.splitext(name)[1].lower()
                if ending in self.endings:
                    names.append(posixpath.join(folder, name).removeprefix('./'))
                elif ending in OTHER_ENDINGS:
                    others[ending] += 1
        root = self.data_prefix['video']
        if others:
            shown = ', '.join(f'{ending} ({count})' for ending, count in sorted(others.items()))
            warn_once(
                f'{others.total()} files in {root} are skipped: {shown}; set `endings` to list them'
            )
        if not names:
            raise InputError(
                f'no videos in {root}: looked for files that end in '
                f'{", ".join(sorted(self.endings))}'
            )
        return [dict(attributes=dict(name=name)) for name in sorted(names)]

    def _parse_line(self, line: str) -> tuple[dict, list[int]]:
        return _parse(line, self.delimiter)

    def _separator_of(self, line: str) -> str:
        for delimiter in ('\t', ';', ',', '|', ' '):
            with suppress(ValueError):
                if _parse(line, delimiter)[1]:
                    return f'; set `delimiter={delimiter!r}`, which seems to separate the fields'
        return ''

    def _read_list(self) -> list[dict]:
        if self.ann_file.lower().endswith('.csv'):
            return self._read_csv()
        if self.where:
            raise InputError(f'`where` needs a CSV list with a header, got {self.ann_file}')
        return super()._read_list()

    def _read_csv(self) -> list[dict]:
        texts = self._csv_columns()
        paths = texts['path']
        stripped = {name: [value.strip() for value in values] for name, values in texts.items()}
        selected = self._selected(stripped)
        columns = {name: as_integers(values) for name, values in stripped.items()}
        class_ids = (
            self._class_ids(stripped[self._label_column], selected)
            if self._label_column in columns
            else {}
        )
        entries = []
        for number in selected:
            attributes = {name: values[number] for name, values in columns.items()}
            entry: dict[str, Any] = dict(
                attributes=dict(attributes, path=paths[number], name=paths[number])
            )
            if number in class_ids:
                entry['label'] = class_ids[number]
            entries.append(entry)
        return entries

    def _selected(self, columns: dict[str, list[str]]) -> list[int]:
        """Return the numbers of the rows that `where` selects."""
        selected = list(range(len(columns['path'])))
        for column, given in self.where.items():
            wanted = [str(value).strip() for value in (given if _is_several(given) else [given])]
            for value in wanted:
                near = set(near_values(value, columns[column])).difference(wanted)
                if near:
                    raise InputError(
                        f'{self.ann_file} has {column}={min(near)!a}, which differs only by case, '
                        f'spaces or Unicode form from {value!a} in `where`: correct one of them'
                    )
            absent = sorted(set(wanted).difference(columns[column]))
            selected = [number for number in selected if columns[column][number] in wanted]
            if absent and selected:
                warn_once(
                    f'no row of {self.ann_file} has {column}={absent[0]!r}, which `where` selects'
                )
        if not selected:
            raise InputError(f'no row of {self.ann_file} has {self.where}')
        return selected

    def _csv_columns(self) -> dict[str, Sequence[str]]:
        """Return the values of each column by its name."""
        reader = csv.reader(io.StringIO(self._list_text(), newline=''))
        try:
            header = self._check_header([name.strip() for name in next(reader)])
            place, rows = header.index('path'), []
            for row in filter(None, reader):
                if len(row) != len(header):
                    expected = f'a row of the {len(header)} columns {shown_columns(header)}'
                    raise self._line_error(reader.line_num, ','.join(row), expected)
                if not row[place].strip():
                    expected = 'a row with a path'
                    raise self._line_error(reader.line_num, ','.join(row), expected)
                rows.append(row)
        except csv.Error as error:
            raise InputError(f'{self.ann_file}:{reader.line_num}: {error}') from None
        if not rows:
            raise InputError(f'the list {self.ann_file} has no rows below its header')
        return dict(zip(header, zip(*rows)))

    def _check_header(self, header: list[str]) -> list[str]:
        """Return the names of the columns if each has a meaning of its own."""
        needed = ['path', *self.where] + [self._label_column] * (self._label_column != 'label')
        for column in needed:
            if column not in header:
                use = ', which `where` selects by' if column in self.where else ''
                advice = ''.join(
                    f'; the columns seem to be separated by {other!r}: write commas'
                    for other in ('\t', ';', '|')
                    if column in [name.strip() for name in other.join(header).split(other)]
                )
                raise InputError(
                    f'{self.ann_file} has no column {column!r}{use}; it has '
                    f'{shown_columns(header)}{advice}'
                )
        (column, count), *_ = Counter(header).most_common(1)
        if count > 1:
            raise InputError(f'{self.ann_file} has several columns {column!r}: rename them')
        if 'name' in header:
            raise InputError(
                f'{self.ann_file} has a column `name`, which vsslbox fills with the path: rename it'
            )
        return header

    def _class_ids(self, labels: list[str], selected: list[int]) -> dict[int, int]:
        """Return the class of each selected row that has a label.

        Class names go to ``metainfo['classes']``.
        """
        rows = [number for number in selected if labels[number]]
        given = sorted(set(labels) - {''})
        numbers: dict[str, Any] = dict(zip(given, as_integers(given)))
        are_names = not numbers.keys().isdisjoint(self._metainfo.get('classes', ()))
        if not given or (isinstance(numbers[given[0]], int) and not are_names):
            return {row: numbers[labels[row]] for row in rows}
        tell_near_values(filter(None, labels), f'labels in {self.ann_file}')
        self._has_class_names = True
        classes = self._metainfo.setdefault('classes', given)
        if isinstance(classes, str) or len(set(classes)) < len(classes):
            raise InputError(
                f'{self._classes_source} must be different names, got {classes!r:.200}'
            )
        numbers = {name: number for number, name in enumerate(classes)}
        unknown = sorted({labels[row] for row in rows}.difference(classes))
        if unknown:
            near = near_values(unknown[0], classes)
            advice = f' ({near[0]!a} differs only by case, spaces or Unicode form)' if near else ''
            raise InputError(
                f'{self.ann_file} has classes that {self._classes_source} lacks: '
                f'{unknown[:5]}{advice}'
            )
        return {row: numbers[labels[row]] for row in rows}


def _parse(line: str, delimiter: str) -> tuple[dict, list[int]]:
    """Return the entry of a line and its labels."""
    name, *labels = [text.strip() for text in line.split(delimiter)]
    if delimiter == ' ':  # several spaces separate as one does
        labels = [label for label in labels if label]
    if not name:
        raise ValueError('no path')
    return dict(attributes=dict(name=name)), [as_integer(label) for label in labels]


def _is_several(given: object) -> bool:
    return isinstance(given, list | tuple)
