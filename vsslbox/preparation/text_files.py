"""Reading and writing of text, JSON and CSV files."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from vsslbox.errors import InputError
from vsslbox.utils import whole_file

__all__ = ['read_csv', 'read_json', 'read_lines', 'write_csv', 'write_text']


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file that are not empty."""
    return [line.strip() for line in path.read_text('utf-8-sig').splitlines() if line.strip()]


def read_json(path: Path) -> dict | list:
    """Return the content of a JSON file.

    Raises:
        InputError: The file is not JSON.
    """
    try:
        return json.loads(path.read_text('utf-8-sig'))
    except ValueError as error:
        raise InputError(f'{path} is not JSON: {error}') from None


def read_csv(path: Path, *columns: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file with a header.

    Raises:
        InputError: One of the columns is missing.
    """
    with open(path, newline='', encoding='utf-8-sig') as file:
        reader = csv.DictReader(file)
        header = reader.fieldnames or []
        if not set(columns) <= set(header):
            raise InputError(f'{path} must have the columns {list(columns)}, it has {list(header)}')
        return list(reader)


def write_text(path: Path, lines: Iterable[str]) -> None:
    """Write lines to a file that gets its name when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = ''.join(f'{line}\n' for line in lines)
    with whole_file(path) as unfinished:
        unfinished.write_text(text, encoding='utf-8', errors='surrogateescape', newline='\n')


def write_csv(path: Path, rows: Iterable[Sequence]) -> None:
    """Write rows to a CSV file that gets its name when it is complete."""
    table = io.StringIO(newline='')
    csv.writer(table, lineterminator='\n').writerows(rows)
    write_text(path, [table.getvalue().removesuffix('\n')])
