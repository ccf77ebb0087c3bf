"""Write the lists of HACS for pretraining, without labels: a video may hold several classes.

python tools/data/hacs/prepare.py DOWNLOAD [--dataset segments] [--out data/hacs] [--allow-missing]
"""

from pathlib import Path

from vsslbox.apis.command_line import run_command
from vsslbox.preparation.dataset_lists import (
    DataList,
    check_lists,
    files_below,
    find,
    link_folder,
    list_parser,
    read_csv,
    read_json,
    write_lists,
)

SUBSETS = {'train': 'training', 'val': 'validation'}
COUNTS = {
    'all': {'train': 492748, 'val': 5981},
    'segments': {'train': 37613, 'val': 5981},
}


def read_subsets(folder: Path, dataset: str) -> dict[str, str]:
    """The subset of each video, by the id that YouTube gave it."""
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
        help="which videos, as in the publishers' script: all, or those with segments",
    )
    args = parser.parse_args()
    subsets = read_subsets(find(args.download, 'HACS_v1.1.1', 'annotations'), args.dataset)
    files = files_below(link_folder(find(args.download, 'videos'), args.out / 'videos'))
    lists = [
        DataList(
            f'hacs_{split}_list_videos.txt',
            {f'v_{video}': None for video, its in subsets.items() if its == subset},
            files,
            COUNTS[args.dataset][split],
        )
        for split, subset in SUBSETS.items()
    ]
    check_lists(lists, args.out, args.allow_missing)
    write_lists(lists, args.out)


if __name__ == '__main__':
    run_command(main)
