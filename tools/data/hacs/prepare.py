"""Write the lists of HACS for pretraining, without labels, as a video may hold several classes.

python tools/data/hacs/prepare.py DOWNLOAD [--dataset segments] [--out data/hacs] [--allow-missing]
"""

from pathlib import Path

from vsslbox.apis.command_line import run_command
from vsslbox.preparation.dataset_lists import (
    DataList,
    check_and_write_lists,
    find,
    link_files,
    list_parser,
)
from vsslbox.preparation.text_files import read_csv, read_json

SUBSETS = {'train': 'training', 'val': 'validation'}
COUNTS = {
    'all': {'train': 492748, 'val': 5981},
    'segments': {'train': 37613, 'val': 5981},
}


def read_subsets(folder: Path, dataset: str) -> dict[str, str]:
    """Return the subset of each video, by its YouTube id."""
    if dataset == 'segments':
        database = read_json(folder / 'HACS_segments_v1.1.1.json')['database']
        return {video: entry['subset'] for video, entry in database.items()}
    rows = read_csv(folder / 'HACS_clips_v1.1.1.csv', 'youtube_id', 'subset')
    return {row['youtube_id']: row['subset'] for row in rows}


def main() -> None:
    """Check the download and write the lists."""
    parser = list_parser(__doc__, 'hacs')
    parser.add_argument(
        '--dataset',
        choices=sorted(COUNTS),
        default='all',
        help="the videos to list, as in the publishers' script: all, or those with segments",
    )
    args = parser.parse_args()
    subsets = read_subsets(find(args.download, 'HACS_v1.1.1', 'annotations'), args.dataset)
    files = link_files(find(args.download, 'videos'), args.out / 'videos')
    lists = [
        DataList(
            f'hacs_{split}_list_videos.txt',
            {f'v_{video}': None for video, its in subsets.items() if its == subset},
            files,
            COUNTS[args.dataset][split],
        )
        for split, subset in SUBSETS.items()
    ]
    check_and_write_lists(lists, args.out, args.allow_missing)


if __name__ == '__main__':
    run_command(main)
