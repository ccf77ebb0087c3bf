"""Lists of video files, and folders of them."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

from vsslbox.datasets.base_video_dataset import BaseVideoDataset, ListLineError, refuse_missing
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
        pipeline: Configs of transforms.
        data_root: The folder of the data.
        data_prefix: ``dict(video=...)``, the folder of the files below ``data_root``.
        where: Take only rows of a CSV list with these values, such as ``dict(split='train')``.
        label: The column of a CSV list that holds the class. Names of classes are numbered in
            alphabetical order.
        delimiter: What stands between the fields of a text list.
        kwargs: As for :class:`BaseVideoDataset`.

    Raises:
        FileNotFoundError: The folder, the list or a file of the list doesn't exist.
        ValueError: The folder holds no video, or the list can't be read.
    """

    def __init__(
        self,
        ann_file: str = '',
        pipeline: Sequence[dict | Callable] = (),
        data_root: str | None = None,
        data_prefix: dict | None = None,
        where: dict | None = None,
        label: str = 'label',
        delimiter: str = ' ',
        **kwargs,
    ) -> None:
        self.where = where or {}
        self.label = label
        self.delimiter = delimiter
        super().__init__(ann_file, pipeline, data_root, data_prefix or dict(video=''), **kwargs)

    def load_data_list(self) -> list[dict]:
        """Find the videos."""
        folder = Path(self.data_prefix['video'] or '.')
        if not self.ann_file:
            return self._search(folder)
        if self.where and not self.ann_file.endswith('.csv'):
            raise ValueError(f'`where` needs a CSV list with a header, got {self.ann_file}')
        rows = self._read_csv() if self.ann_file.endswith('.csv') else self._read_text()
        entries = [dict(row, filename=str(folder / row['attributes']['name'])) for row in rows]
        refuse_missing([entry['filename'] for entry in entries], self.ann_file)
        return entries

    def _search(self, folder: Path) -> list[dict]:
        if not folder.is_dir():
            raise FileNotFoundError(f'no folder at {folder}: set `data_root` to the videos')
        found = sorted(path for path in folder.rglob('*') if path.suffix.lower() in ENDINGS)
        if not found:
            raise ValueError(
                f'no videos in {folder}: looked for files that end in {", ".join(sorted(ENDINGS))}'
            )
        return [
            dict(filename=str(path), attributes=dict(name=str(path.relative_to(folder))))
            for path in found
        ]

    def _read_text(self) -> list[dict]:
        rows = []
        for number, line in self._read_lines():
            name, *labels = line.strip().split(self.delimiter)
            try:
                labels = [int(label) for label in labels]
            except ValueError:
                raise ListLineError.at(
                    self.ann_file,
                    number,
                    line,
                    f'`path`, `path label` or `path label label ...` with integer labels, '
                    f'separated by {self.delimiter!r}',
                ) from None
            row = dict(attributes=dict(name=name))
            if labels:
                row['label'] = labels[0] if len(labels) == 1 else labels
                row['attributes']['label'] = row['label']
            rows.append(row)
        return rows

    def _read_csv(self) -> list[dict]:
        table = list(csv.reader(line for _, line in self._read_lines()))
        header, rows = table[0], table[1:]
        for column in ('path', *self.where):
            if column not in header:
                raise ValueError(f'{self.ann_file} has no column {column!r}; it has {header}')
        for (number, line), row in zip(self._read_lines()[1:], rows, strict=True):
            if len(row) != len(header):
                raise ListLineError.at(
                    self.ann_file, number, line, f'a row of the {len(header)} columns {header}'
                )
        columns = {
            name: _as_numbers(values)
            for name, values in zip(header, zip(*rows, strict=True), strict=False)
        }
        entries = [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        ]
        classes = sorted(set(columns.get(self.label, ())))
        if classes and isinstance(classes[0], str):
            self._metainfo['classes'] = classes
            for entry in entries:
                entry['class_id'] = classes.index(entry[self.label])
        chosen = [
            entry
            for entry in entries
            if all(str(entry[column]) == str(value) for column, value in self.where.items())
        ]
        if not chosen:
            raise ValueError(f'no row of {self.ann_file} has {self.where}')
        return [self._csv_entry(entry) for entry in chosen]

    def _csv_entry(self, entry: dict) -> dict:
        class_id = entry.pop('class_id', entry.get(self.label))
        row = dict(attributes=dict(entry, name=str(entry['path'])))
        if class_id is not None:
            row['label'] = class_id
        return row


def _as_numbers(values: Sequence[str]) -> list[int] | list[str]:
    """A column as integers, if all of it are."""
    try:
        return [int(value) for value in values]
    except ValueError:
        return list(values)
