"""Find near-duplicates among videos, or between two sets of videos, such as train and test.

python tools/duplicates.py VIDEOS [OTHERS] [-o duplicates.csv] [--page pairs.html]

VIDEOS and OTHERS are each a folder, a pattern, a list (CSV with a column `path`, or text) or an
index that `embed` has made. A near-duplicate shows the same recording: encoded again, scaled,
cropped to its middle, mirrored, brighter or darker, faster or slower, or cut. Other recordings of
one camera are none. No checkpoint is needed.

The file has a row for each pair: the number of its cluster, the two videos, the score (at most
1), how they differ, and the speed of the second, its start in seconds of the first and the seconds
that both have in common. `--page` writes an HTML file that plays the pairs side by side. Videos
that cannot be read are listed in `duplicates.bad.csv` beside the table.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.given_videos import videos_of
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import write_csv
from vsslbox.search import (
    DuplicatePair,
    clusters_of,
    find_duplicates,
    keep_first,
    write_duplicate_page,
)
from vsslbox.utils import escaped, whole_number

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
    parser.add_argument('--page', type=Path, help='write an HTML page to this file')
    parser.add_argument('--workers', type=whole_number(1), default=2, help='processes that decode')
    return parser.parse_args()


def sorted_by_cluster(
    pairs: Sequence[DuplicatePair], num_videos: int, have_others: bool
) -> tuple[list[int], list[DuplicatePair]]:
    """Return the numbers of clusters, ascending, and the pair that each is of."""
    shift = num_videos if have_others else 0
    numbers = clusters_of([(pair.first, pair.second + shift) for pair in pairs])
    order = sorted(range(len(pairs)), key=numbers.__getitem__)
    return [numbers[place] for place in order], [pairs[place] for place in order]


def row_of(cluster: int, pair: DuplicatePair, first: str, second: str) -> list[str]:
    """Return a row of the table."""
    how = pair.alignment
    score, *rest = (f'{value:.4g}' for value in (how.score, how.speed, how.start, how.overlap))
    return [str(cluster), first, second, score, ' '.join(how.kinds), *rest]


def summary(
    pairs: Sequence[DuplicatePair], num_clusters: int, num: int, num_others: int | None
) -> str:
    """Say in one sentence what was found among so many videos that can be read."""
    if not pairs:
        among = f'{num} videos' if num_others is None else f'{num} and {num_others} videos'
        return f'no near-duplicates among {among}'
    first, second = ({pair[side] for pair in pairs} for side in (0, 1))
    if num_others is None:
        copies = len(keep_first((*pair[:2], pair.alignment.score) for pair in pairs))
        return (
            f'{len(pairs)} pairs of near-duplicates in {num_clusters} clusters: without {copies} '
            f'of the {num} videos there would be none'
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
    pairs, bad = find_duplicates(videos, others, args.workers)
    for some in (videos, others or videos):
        if all(video in bad for video in some):
            reason = f'{escaped(some[0])}: {bad[some[0]]}'
            raise InputError(f'none of the videos can be read, such as {reason}')
    clusters, pairs = sorted_by_cluster(pairs, len(videos), others is not None)
    seconds = videos if others is None else others
    rows = [
        row_of(cluster, pair, videos[pair.first], seconds[pair.second])
        for cluster, pair in zip(clusters, pairs)
    ]
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
    found = summary(pairs, len(set(clusters)), *num_read)
    if args.page is not None:
        write_duplicate_page(args.page, pairs, clusters, videos, seconds, found, args.workers)
    print(f'{args.out}: {found}')


if __name__ == '__main__':
    run_command(main)
