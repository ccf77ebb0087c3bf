"""Find near-duplicates among videos, or between two sets of videos, such as train and test.

python tools/duplicates.py VIDEOS [OTHERS] [-o duplicates.csv]

VIDEOS and OTHERS are each a folder, a pattern, a list (CSV with a column `path`, or text) or an
index that `embed` has made. A near-duplicate shows the same recording: encoded again, scaled,
cropped to its middle, mirrored, brighter or darker, faster or slower, or cut. Other recordings of
one camera are none. No checkpoint is needed.

The file has a row for each pair: the number of its cluster, the two videos, the score (at most
1), how they differ, and the speed of the second, its start in seconds of the first and the seconds
that both have in common. Videos that cannot be read are listed in `duplicates.bad.csv` beside it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.video_inferencer import video_files
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import write_csv
from vsslbox.preparation.video_jobs import list_videos
from vsslbox.search import (
    DuplicatePair,
    VideoIndex,
    clusters_of,
    duplicate_pairs,
    origin_of_index,
    read_signatures,
)
from vsslbox.utils import escaped

COLUMNS = ('cluster', 'first', 'second', 'score', 'differ', 'speed', 'start', 'common')
SHOWN = 10  # pairs in the terminal


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('videos', help='a folder, a pattern, a list or an index')
    parser.add_argument('others', nargs='?', help='the same: only pairs with these are looked for')
    parser.add_argument(
        '-o', '--out', type=Path, default=Path('duplicates.csv'), help='the CSV file'
    )
    parser.add_argument('--workers', type=int, default=2, help='processes that decode')
    return parser.parse_args()


def videos_of(source: str) -> list[str]:
    """Return the videos of a folder, a pattern, a list or an index."""
    path = Path(source)
    if path.is_dir() and origin_of_index(path):
        return VideoIndex.read(path).paths
    if path.is_file() and path.suffix.lower() in ('.csv', '.txt'):
        return list(list_videos(path, None).values())
    return list(dict.fromkeys(video_files(source)))


def find(
    videos: Sequence[str], others: Sequence[str] | None, num_workers: int
) -> tuple[list[DuplicatePair], dict[str, str]]:
    """Return the pairs of near-duplicates by their places, and the videos that cannot be read.

    Raises:
        InputError: None of the videos, or of the others, can be read.
    """
    signatures, bad = read_signatures([*videos, *(others or ())], num_workers)
    known = [
        [place for place, video in enumerate(some) if video in signatures]
        for some in (videos, others or videos)
    ]
    if not all(known):
        video, reason = next(iter(bad.items()))
        raise InputError(f'none of the videos can be read, such as {escaped(video)}: {reason}')
    pairs = duplicate_pairs(
        [signatures[videos[place]] for place in known[0]],
        None if others is None else [signatures[others[place]] for place in known[1]],
    )
    return [
        pair._replace(first=known[0][pair.first], second=known[1][pair.second]) for pair in pairs
    ], bad


def rows_of(
    pairs: Sequence[DuplicatePair], videos: Sequence[str], others: Sequence[str] | None
) -> list[list[str]]:
    """Return the rows of the table, sorted by cluster."""
    shift = 0 if others is None else len(videos)
    numbers = clusters_of([(pair.first, pair.second + shift) for pair in pairs])
    rows = []
    for number, pair in sorted(zip(numbers, pairs), key=lambda item: item[0]):
        how = pair.alignment
        names = [videos[pair.first], (videos if others is None else others)[pair.second]]
        values = [how.score, how.speed, how.start, how.overlap]
        score, *rest = (f'{value:.4g}' for value in values)
        rows.append([str(number), *names, score, ' '.join(how.kinds), *rest])
    return rows


def summary(
    pairs: Sequence[DuplicatePair], rows: Sequence, num: int, num_others: int | None
) -> str:
    """Say in one sentence what was found."""
    if not pairs:
        among = f'{num} videos' if num_others is None else f'{num} and {num_others} videos'
        return f'no near-duplicates among {among}'
    first, second = ({pair[side] for pair in pairs} for side in (0, 1))
    if num_others is None:
        clusters = len({row[0] for row in rows})
        copies = len(first | second) - clusters
        return (
            f'{len(pairs)} pairs of near-duplicates in {clusters} clusters: without {copies} of '
            f'the {num} videos there would be none'
        )
    return (
        f'{len(second)} of the {num_others} other videos are near-duplicates of {len(first)} of '
        f'the {num} videos'
    )


def main() -> None:
    """Find near-duplicates."""
    args = parse_args()
    videos = videos_of(args.videos)
    others = None if args.others is None else videos_of(args.others)
    pairs, bad = find(videos, others, args.workers)
    rows = rows_of(pairs, videos, others)
    write_csv(args.out, [COLUMNS, *rows])
    for row in rows[:SHOWN]:
        print(f'{row[3]:>7}  {escaped(row[1])}  {escaped(row[2])}  {row[4]}'.rstrip())
    if len(rows) > SHOWN:
        print(f'  ... {len(rows) - SHOWN} more pairs')
    bad_file = args.out.with_suffix('.bad.csv')
    bad_file.unlink(missing_ok=True)
    if bad:
        write_csv(bad_file, [('name', 'reason'), *bad.items()])
        print(f'{bad_file}: {len(bad)} videos that could not be read')
    num_read = [
        None if some is None else sum(video not in bad for video in some)
        for some in (videos, others)
    ]
    print(f'{args.out}: {summary(pairs, rows, *num_read)}')


if __name__ == '__main__':
    run_command(main)
