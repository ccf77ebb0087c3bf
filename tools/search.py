"""Find the videos of an index that resemble a video.

python tools/search.py INDEX QUERY [--top 20] [--where action=jump] [--page results.html]

INDEX is a folder that `embed` has made. QUERY is a video file, or a video of the index, named by
its path or the end of it. The table has the rank, the cosine distance (0 is the same), the name and
the labels of each result. `--page` writes one HTML file with small clips of the results, which
play, can be filtered by label, and can be ordered by their distance to any of them.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vsslbox.apis import VideoEmbedder
from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.checkpoints.zoo import local_path
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import write_csv
from vsslbox.search import VideoIndex, find_neighbours, place_of, select, write_result_page
from vsslbox.utils import escaped, file_sha256, whole_number


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('index', type=Path, help='the folder of the index')
    parser.add_argument('query', help='a video file, or the name of a video of the index')
    parser.add_argument('--top', type=int, default=20, help='number of results')
    parser.add_argument(
        '--where',
        nargs='+',
        default=[],
        metavar='COLUMN=VALUE',
        help='only videos with these labels',
    )
    parser.add_argument('--csv', type=Path, help='write the table to this file too')
    parser.add_argument('--page', type=Path, help='write an HTML page to this file')
    parser.add_argument('--checkpoint', help="where the index's checkpoint is now, if it was moved")
    parser.add_argument(
        '--workers', type=whole_number(1), default=2, help='processes that make clips'
    )
    parser.add_argument('--device', help='a GPU if there is one')
    args = parser.parse_args()
    if args.top < 1:
        parser.error('--top must be at least 1')
    if not all('=' in condition for condition in args.where):
        parser.error('--where takes COLUMN=VALUE, such as action=jump')
    return args


def embed_query(index: VideoIndex, query: str, args: argparse.Namespace) -> np.ndarray:
    """Return the feature of a file by the checkpoint of the index, ``[1, F]``.

    Raises:
        InputError: The checkpoint is not that of the index.
    """
    checkpoint = args.checkpoint or index.checkpoint
    file = local_path(checkpoint)
    if not file.is_file():
        raise InputError(
            f'the checkpoint of {index.folder} is no longer at {file}: say where by --checkpoint'
        )
    if file_sha256(file) != index.checkpoint_sha256:
        raise InputError(
            f'{file} is not the checkpoint of {index.folder}: its SHA-256 is not '
            f'{index.checkpoint_sha256[:12]}...; name that file by --checkpoint'
        )
    embedder = VideoEmbedder(checkpoint, device=args.device)
    return embedder([query])['predictions']


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [c.rjust(w) if p < 2 else c.ljust(w) for p, (c, w) in enumerate(zip(row, widths))]
        print('  '.join(cells).rstrip())


def main() -> None:
    """Search."""
    args = parse_args()
    index = VideoIndex.read(args.index)
    places = select(index, dict(condition.split('=', 1) for condition in args.where))
    own = place_of(index, args.query)
    query = args.query if own is None else index.paths[own]
    if own is None or (os.path.exists(query) and not index.is_current(own)):
        feature = embed_query(index, query, args)
    else:
        feature = index.features[[own]]
    (found,) = find_neighbours(index, feature, [own], args.top, places)
    if not found:
        raise InputError('no other video of the index is left to compare with')
    names = index.names
    rows = [
        [str(rank), f'{neighbour.distance:.6f}', names[neighbour.place]]
        + [values[neighbour.place] or '' for values in index.labels.values()]
        for rank, neighbour in enumerate(found, start=1)
    ]
    header = ['rank', 'distance', 'name', *index.labels]
    print_table([header, *([escaped(cell) for cell in row] for row in rows)])
    old = sum(not index.is_current(neighbour.place) for neighbour in found)
    if old:
        print(f'{old} of these files have changed or are gone: run `embed` again')
    if args.csv is not None:
        paths = [index.paths[neighbour.place] for neighbour in found]
        table = [[*row[:2], path, *row[3:]] for row, path in zip(rows, paths)]
        write_csv(args.csv, [['rank', 'distance', 'path', *index.labels], *table])
        print(f'{args.csv}: {len(rows)} results')
    if args.page is not None:
        where = dict(condition.split('=', 1) for condition in args.where)
        write_result_page(
            args.page, index, query, own, found, places, where, num_workers=args.workers
        )
        print(f'{args.page}: {len(rows)} results')


if __name__ == '__main__':
    run_command(main)
