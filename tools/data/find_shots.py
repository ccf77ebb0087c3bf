"""Find the shots of videos: the segments between two cuts, as a table to train on.

python tools/data/find_shots.py VIDEOS -o shots.csv [--min-length 2] [--trim 0.5] ...

VIDEOS is a folder or a list (text, CSV or Parquet with a column `path`). The table, CSV or Parquet,
has a row for each shot: path, start and end (seconds), and the other columns of the list. Shots
that are too short, and videos that cannot be read, are listed with the reason in
`shots.left_out.csv` beside it. The data set `ShotDataset` trains on the table.

Cuts are found by PySceneDetect (`pip install 'vsslbox[curation]'`). What was found is noted in a
journal beside the table, so that a second run reads only what is new or has changed.
"""

import argparse
from functools import partial

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.errors import InputError
from vsslbox.preparation.curation import (
    ShotSettings,
    Table,
    find_shots,
    journaled,
    read_table,
    write_tables,
)
from vsslbox.preparation.curation.tables import REASON, SPAN, add_table_options, check_output
from vsslbox.preparation.video_jobs import Failure
from vsslbox.utils import optional_module


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    add_table_options(parser)
    parser.add_argument('--detector', choices=['adaptive', 'content'], default='adaptive')
    parser.add_argument(
        '--threshold', type=float, help='of the detector (default: 3 adaptive, 27 content)'
    )
    parser.add_argument(
        '--min-length', type=float, default=2.0, help='seconds of a shot, at least (default: 2)'
    )
    parser.add_argument(
        '--trim', type=float, default=0.0, help='seconds that are cut off at both ends of a shot'
    )
    args = parser.parse_args()
    if min(args.min_length, args.trim) < 0:
        parser.error('--min-length and --trim must not be negative')
    return args


def main() -> None:
    """Find shots."""
    args = parse_args()
    check_output(args.source, args.out)
    optional_module('scenedetect', 'curation')
    table = read_table(args.source)
    if SPAN[0] in table.columns:
        raise InputError(f'{args.source} is a table of segments already: give the whole videos')
    settings = ShotSettings(args.detector, args.threshold)
    found = journaled(
        partial(find_shots, settings=settings),
        {row['path']: row['path'] for row in table.rows},
        settings,
        args.out.with_suffix('.journal.jsonl'),
        args.num_workers,
        'finding shots',
    )
    kept, left_out = [], []
    for row in table.rows:
        shots = found[row['path']]
        if isinstance(shots, Failure):
            left_out.append({**row, REASON: shots.reason})
            continue
        for start, end in shots:
            start, end = start + args.trim, end - args.trim
            shot = {**row, 'start': start, 'end': end}
            if end > start and end - start >= args.min_length:
                kept.append(shot)
            else:
                reason = f'shorter than {args.min_length:g} s'
                left_out.append({**row, 'start': start, 'end': max(start, end), REASON: reason})
    columns = ['path', *SPAN, *(name for name in table.columns if name != 'path')]
    write_tables(args.out, Table(columns, kept), Table([*columns, REASON], left_out))


if __name__ == '__main__':
    run_command(main)
