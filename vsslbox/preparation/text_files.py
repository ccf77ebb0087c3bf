"""Reading and writing of text, JSON and CSV files."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from vsslbox.datasets.list_values import list_bytes
from vsslbox.errors import InputError
from vsslbox.utils import read_json, whole_file

__all__ = ['only_csv', 'read_csv', 'read_json', 'read_lines', 'write_csv', 'write_text']


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file that are not empty.

    Raises:
        InputError: It is not UTF-8 text.
    """
    return [line.strip() for line in _read_text(path).splitlines() if line.strip()]


def read_csv(path: Path, *columns: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file with a header.

    Raises:
        InputError: One of the columns is missing or there twice, or a row has not one value for
            each, or the file is not UTF-8 text.
    """
    reader = csv.reader(io.StringIO(_read_text(path), newline=''))
    try:
        header = [name.strip() for name in next(reader, ())]
        if not set(columns) <= set(header):
            shown = header[:20] + ['...'] * (len(header) > 20)
            raise InputError(f'{path} must have the columns {list(columns)}, it has {shown}')
        (column, count), *_ = Counter(header).most_common(1)
        if count > 1:
            raise InputError(f'{path} has several columns {column!r}: rename them')
        rows = []
        for row in filter(None, reader):
            if len(row) != len(header):
                raise InputError(
                    f'{path}:{reader.line_num}: {len(row)} values for {len(header)} columns'
                )
            rows.append(dict(zip(header, row)))
    except csv.Error as error:
        raise InputError(f'{path}:{reader.line_num}: {error}') from None
    return rows


def _read_text(path: Path) -> str:
    try:
        return list_bytes(path).decode('utf-8-sig')
    except UnicodeDecodeError as error:
        raise InputError(f'{path} is not UTF-8 text: {error}') from None


def only_csv(folder: Path) -> Path:
    """Return the only CSV file of a folder.

    Raises:
        InputError: There is none, or several.
    """
    found = sorted(folder.glob('*.csv'))
    if len(found) != 1:
        raise InputError(f'{folder} has {len(found)} CSV files: name the list by --list')
    return found[0]


def write_text(path: Path, lines: Iterable[str]) -> None:
    """Write lines to a file that gets its name when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = ''.join(f'{line}\n' for line in lines)
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding='utf-8', errors='surrogateescape', newline='\n')


def write_csv(path: Path, rows: Iterable[Sequence]) -> None:
    """Write rows to a CSV file that gets its name when it is complete."""
    lines = []
    for row in rows:
        line = io.StringIO(newline='')
        # The writer quotes both characters of its own end of a line, which names may have.
        csv.writer(line, lineterminator='\r\n').writerow(row)
        lines.append(line.getvalue().removesuffix('\r\n'))
    write_text(path, lines)
