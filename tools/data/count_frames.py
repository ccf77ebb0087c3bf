"""Add the number of frames of each video to a list.

python tools/data/count_frames.py LIST --out FILE.csv [--data-root FOLDER] [--num-workers N]

The new list is CSV: the columns of a CSV list, or `path` and `label` of a text list, followed by
`num_frames`, as PyAV counts them in training. `BinnedVideoDataset` needs this column. Videos that
cannot be opened are left out, and listed in failed.csv beside the new list.
"""

import argparse
from pathlib import Path

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.datasets.readers import PyAVReader
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_csv, write_csv
from vsslbox.preparation.video_jobs import (
    Failure,
    add_job_options,
    list_videos,
    report_failures,
    run_jobs,
)


def count_frames(path: str) -> int:
    """Return the number of frames of a file that can be decoded."""
    reader = PyAVReader(path)
    reader.close()
    return reader.num_frames


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a list that :func:`list_videos` has accepted.

    Raises:
        InputError: A line of text has several labels.
    """
    if path.suffix.lower() == '.csv':
        return read_csv(path, 'path')
    rows = []
    for line in filter(None, map(str.strip, path.read_text(encoding='utf-8-sig').split('\n'))):
        name, *labels = filter(None, line.split(' '))
        if len(labels) > 1:
            raise InputError(f'{path}: {line!r} has several labels: convert the list to CSV first')
        rows.append(dict(zip(('path', 'label'), (name, *labels))))
    return rows


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('list', type=Path, help='list of videos: `path [label]` lines, or CSV')
    parser.add_argument('--out', type=Path, required=True, help='CSV file for the new list')
    add_job_options(parser)
    args = parser.parse_args()
    if args.out.suffix.lower() != '.csv':
        parser.error(f'--out must end in .csv, got {args.out}')
    if args.out.resolve() == args.list.resolve():
        parser.error('--out is the list itself')
    return args


def main() -> None:
    """Count the frames, and write the new list."""
    args = parse_args()
    paths = list_videos(args.list, args.data_root)
    rows = read_rows(args.list)
    results = dict(run_jobs(count_frames, [*paths.values()], args.num_workers, 'counting'))
    counts = {name: results[path] for name, path in paths.items()}
    failures = {paths[n]: c.reason for n, c in counts.items() if isinstance(c, Failure)}
    counted = [
        {**row, 'num_frames': counts[row['path']]}
        for row in rows
        if paths[row['path']] not in failures
    ]
    header = dict.fromkeys([*rows[0], 'num_frames'])
    write_csv(args.out, [header, *(row.values() for row in counted)])
    print(f'{len(counts) - len(failures)} of {len(counts)} videos counted: {args.out}')
    report_failures(args.out.parent, failures)


if __name__ == '__main__':
    run_command(main)
