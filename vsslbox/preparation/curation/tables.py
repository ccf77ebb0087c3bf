"""Tables of videos or of segments of them: CSV or Parquet with `path`, `start` and `end`."""

import argparse
import math
import os
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from vsslbox.datasets.video_names import segment_name
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_csv, write_csv
from vsslbox.preparation.video_jobs import list_videos
from vsslbox.utils import optional_module, whole_file, whole_number

__all__ = [
    'Table',
    'add_table_options',
    'check_output',
    'left_out_path',
    'name_of',
    'read_table',
    'span_of',
    'write_tables',
]

ENDINGS = ('.csv', '.parquet')
SPAN = ('start', 'end')
REASON = 'reason'


class Table(NamedTuple):
    """A table.

    Attributes:
        columns: The names of the columns, with ``path``.
        rows: The values of each row, by column; the paths are absolute.
    """

    columns: list[str]
    rows: list[dict[str, Any]]


def read_table(source: Path) -> Table:
    """Read a table of videos.

    Args:
        source: A folder of videos, a list as text, or a CSV or Parquet file with a column ``path``,
            relative to the file's folder. Columns ``start`` and ``end`` in seconds, if there are
            any, say which segment of the video a row is.

    Raises:
        FileNotFoundError: There is no such folder or file.
        InputError: The table lacks ``path``, has no rows or the same row twice, or a segment is
            none.
    """
    ending = source.suffix.lower()
    if source.is_dir() or ending not in ENDINGS:
        paths = list_videos(source, None).values()
        return Table(['path'], [dict(path=os.path.abspath(path)) for path in paths])
    table = _read_parquet(source) if ending == '.parquet' else _read_csv(source)
    if not table.rows:
        raise InputError(f'{source} has no rows')
    if len(set(SPAN) & set(table.columns)) == 1:
        raise InputError(f'{source} must have both or none of the columns {list(SPAN)}')
    seen = set()
    for row in table.rows:
        row['path'] = os.path.abspath(source.parent / str(row['path']))
        span = span_of(row, source)
        if span is not None:
            row.update(zip(SPAN, span))
        name = name_of(row)
        if name in seen:
            raise InputError(f'{source} has {name} twice: keep one row')
        seen.add(name)
    return table


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that all steps have."""
    parser.add_argument('source', type=Path, help='folder or list of videos')
    parser.add_argument(
        '-o', '--out', type=Path, required=True, help='the new table, .csv or .parquet'
    )
    parser.add_argument(
        '--num-workers',
        type=whole_number(1),
        default=len(os.sched_getaffinity(0)),
        help='number of processes (default: one for each core)',
    )


def check_output(source: Path, out: Path) -> None:
    """Check where a table is to be written.

    Raises:
        InputError: It is neither CSV nor Parquet, or would overwrite the table that is read.
    """
    if out.suffix.lower() not in ENDINGS:
        raise InputError(f'-o must end in .csv or .parquet, got {out}')
    if source.resolve() in (out.resolve(), left_out_path(out).resolve()):
        raise InputError(f'-o {out} would overwrite {source}: choose another name')


def span_of(row: dict[str, Any], source: Path | str = 'the table') -> tuple[float, float] | None:
    """Return the start and the end of a row in seconds; None for a whole video.

    Raises:
        InputError: They are not two numbers, the first not below 0 and the second above it.
    """
    values = [row.get(name) for name in SPAN]
    if all(value in (None, '') for value in values):
        return None
    try:
        start, end = map(float, values)
    except (TypeError, ValueError):
        start = end = math.nan
    if not 0 <= start < end < math.inf:
        raise InputError(
            f'{source}: `start` and `end` of {row["path"]} must be seconds, 0 <= start < end, got '
            f'{values[0]!r} and {values[1]!r}'
        )
    return start, end


def name_of(row: dict[str, Any]) -> str:
    """Return the name of a row's video, or of its segment; see :func:`segment_name`."""
    span = span_of(row)
    return row['path'] if span is None else segment_name(row['path'], *span)


def left_out_path(path: Path) -> Path:
    """Return where the rows are listed that a table leaves out, with the reason of each."""
    return path.with_suffix(f'.left_out{path.suffix}')


def write_tables(path: Path, kept: Table, left_out: Table) -> None:
    """Write a table, and beside it the one of what it leaves out, if it leaves out anything.

    Prints how many rows are kept, and how many are left out for which reason.

    Args:
        path: A CSV or Parquet file.
        kept: The table.
        left_out: The other rows, with a column ``reason``.
    """
    _write(path, kept)
    beside = left_out_path(path)
    beside.unlink(missing_ok=True)
    if left_out.rows:
        _write(beside, left_out)
        print(f'{beside}: {len(left_out.rows)} rows')
        for reason, count in Counter(row[REASON] for row in left_out.rows).most_common(10):
            print(f'  {count} {reason}')
    print(f'{path}: {len(kept.rows)} rows')


def _read_csv(path: Path) -> Table:
    rows = read_csv(path, 'path')
    return Table(list(rows[0]) if rows else ['path'], rows)


def _read_parquet(path: Path) -> Table:
    pyarrow = optional_module('pyarrow', 'search')
    parquet = optional_module('pyarrow.parquet', 'search')
    try:
        table = parquet.read_table(path, partitioning=None)
    except (pyarrow.ArrowException, OSError) as error:
        if not path.is_file():
            raise FileNotFoundError(f'no table at {path}') from None
        raise InputError(f'{path} is not a Parquet table: {error}') from None
    if 'path' not in table.column_names:
        raise InputError(f'{path} has no column `path`, it has {table.column_names[:20]}')
    return Table(table.column_names, table.to_pylist())


def _write(path: Path, table: Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() != '.parquet':
        cells = [[_cell(row.get(name)) for name in table.columns] for row in table.rows]
        write_csv(path, [table.columns, *cells])
        return
    pyarrow = optional_module('pyarrow', 'search')
    parquet = optional_module('pyarrow.parquet', 'search')
    columns = {name: [row.get(name) for row in table.rows] for name in table.columns}
    with whole_file(path) as unfinished:
        parquet.write_table(pyarrow.table(columns), unfinished)


def _cell(value: Any) -> Any:
    if value is None:
        return ''
    return f'{value:.10g}' if isinstance(value, float) else value
