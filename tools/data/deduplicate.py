"""Keep one of all videos that are duplicates of each other.

python tools/data/deduplicate.py INDEX -o kept.csv --threshold 0.999 [--table scored.csv]
python tools/data/deduplicate.py VIDEOS -o kept.csv

INDEX is a folder that `embed` has made: semantic duplicates are videos whose features have a cosine
of at least the threshold, following SemDeDup; `--table` names the videos of the index to choose
among. VIDEOS is a folder or a list without an index: duplicates are copies of one recording, found
as `vsslbox duplicates` does.

A video is left out only if it is a duplicate of one that is kept. `kept.left_out.csv` beside the
table says of which, and the score. Labels of the index and columns of the table are kept.
"""

import argparse
from pathlib import Path

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.datasets.video_names import split_segment
from vsslbox.errors import InputError
from vsslbox.preparation.curation import Table, name_of, read_table, write_tables
from vsslbox.preparation.curation.tables import REASON, SPAN, add_table_options, check_output
from vsslbox.search import (
    VideoIndex,
    find_duplicates,
    is_index,
    keep_first,
    semantic_duplicates,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    add_table_options(parser)
    parser.add_argument('--table', type=Path, help='choose among these videos of the index')
    parser.add_argument('--threshold', type=float, help='least cosine of duplicates in an index')
    parser.add_argument('--clusters', type=int, help='of k-means (default: the root of the videos)')
    args = parser.parse_args()
    if is_index(args.source) and args.threshold is None:
        parser.error('an index needs --threshold, which depends on the features: try 0.999 first')
    if not is_index(args.source) and (args.table, args.threshold) != (None, None):
        parser.error(f'--table and --threshold go with an index, but {args.source} is none')
    return args


def table_of(index: VideoIndex) -> Table:
    """Return the videos or segments of an index, with their labels."""
    rows = []
    for name, *labels in zip(index.paths, *index.labels.values()):
        path, span = split_segment(name)
        segment = {} if span is None else dict(zip(SPAN, span))
        rows.append(dict(path=path, **segment, **dict(zip(index.labels, labels))))
    segments = SPAN if any('start' in row for row in rows) else ()
    return Table(['path', *segments, *index.labels], rows)


def by_features(args: argparse.Namespace) -> tuple[Table, dict[int, str], dict]:
    """Return the table, why some of its rows cannot be compared, and the semantic duplicates."""
    index = VideoIndex.read(args.source)
    table = table_of(index) if args.table is None else read_table(args.table)
    places = {path: place for place, path in enumerate(index.paths)}
    rows = [number for number, row in enumerate(table.rows) if name_of(row) in places]
    missing = set(range(len(table.rows))).difference(rows)
    if not rows:
        raise InputError(f'{args.source} has none of the videos of {args.table}')
    features = index.features[[places[name_of(table.rows[number])] for number in rows]]
    doubles = semantic_duplicates(features, args.threshold, args.clusters)
    return (
        table,
        dict.fromkeys(missing, f'not in the index {args.source}'),
        {rows[row]: (rows[kept], cosine) for row, (kept, cosine) in doubles.items()},
    )


def by_signatures(args: argparse.Namespace) -> tuple[Table, dict[int, str], dict]:
    """Return the table, why some of its rows cannot be compared, and the copies."""
    table = read_table(args.source)
    if SPAN[0] in table.columns:
        raise InputError('segments have semantic duplicates only: embed the table, give the index')
    paths = [row['path'] for row in table.rows]
    pairs, bad = find_duplicates(paths, None, args.num_workers)
    doubles = keep_first((pair.first, pair.second, pair.alignment.score) for pair in pairs)
    return table, {n: bad[path] for n, path in enumerate(paths) if path in bad}, doubles


def main() -> None:
    """Leave out duplicates."""
    args = parse_args()
    check_output(args.table or args.source, args.out)
    table, reasons, doubles = (by_features if is_index(args.source) else by_signatures)(args)
    kept, left_out = [], []
    for number, row in enumerate(table.rows):
        if number in reasons:
            left_out.append({**row, REASON: reasons[number]})
        elif number in doubles:
            other, score = doubles[number]
            of = name_of(table.rows[other])
            left_out.append({**row, REASON: 'a duplicate', 'duplicate_of': of, 'score': score})
        else:
            kept.append(row)
    columns = [*table.columns, REASON, 'duplicate_of', 'score']
    write_tables(args.out, Table(table.columns, kept), Table(columns, left_out))


if __name__ == '__main__':
    run_command(main)
