"""Write the lists of Kinetics-400 or Kinetics-600.

python tools/data/kinetics/prepare.py DOWNLOAD --classes {400,600} [--out DIR] [--allow-missing]
"""

from pathlib import Path

from vsslbox.apis.command_line import run_command
from vsslbox.errors import InputError
from vsslbox.preparation.dataset_lists import (
    DataList,
    check_and_write_lists,
    find,
    link_files,
    list_parser,
)
from vsslbox.preparation.text_files import read_csv

# Kinetics-600 was published in releases of different lengths.
COUNTS = {400: {'train': 246534, 'val': 19906}, 600: {'train': None, 'val': None}}


def clip_name(row: dict[str, str]) -> str:
    """Return the name of a clip's file: the video, and the seconds of the clip's start and end."""
    start, end = (int(float(row[key])) for key in ('time_start', 'time_end'))
    return f'{row["youtube_id"]}_{start:06d}_{end:06d}'


def read_split(path: Path) -> dict[str, str]:
    """Return the class of each clip."""
    rows = read_csv(path, 'label', 'youtube_id', 'time_start', 'time_end')
    return {clip_name(row): row['label'] for row in rows}


def main() -> None:
    """Check the download and write the lists."""
    parser = list_parser(__doc__, 'kinetics')
    parser.set_defaults(out=None)
    parser.add_argument('--classes', type=int, choices=sorted(COUNTS), required=True)
    args = parser.parse_args()
    name = f'kinetics{args.classes}'
    out = args.out or Path('data', name)
    splits = {}
    for split in COUNTS[args.classes]:
        names = f'annotations/{split}.csv', f'annotations/kinetics_{split}.csv'
        splits[split] = read_split(find(args.download, *names))
    classes = sorted(set(splits['train'].values()))
    if len(classes) != args.classes:
        raise InputError(
            f'the annotations in {args.download} have {len(classes)} classes, not {args.classes}'
        )
    numbers = {label: number for number, label in enumerate(classes)}
    lists = []
    for split, labels in splits.items():
        folder = find(args.download, f'videos_{split}', split)
        lists.append(
            DataList(
                f'{name}_{split}_list_videos.txt',
                {clip: numbers[label] for clip, label in labels.items()},
                link_files(folder, out / f'videos_{split}'),
                COUNTS[args.classes][split],
            )
        )
    check_and_write_lists(lists, out, args.allow_missing, classes)


if __name__ == '__main__':
    run_command(main)
