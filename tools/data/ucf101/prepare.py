"""Write the lists of the three splits of UCF101.

python tools/data/ucf101/prepare.py DOWNLOAD [--out data/ucf101] [--allow-missing]
"""

from pathlib import Path, PurePath

from vsslbox.apis.command_line import run_command
from vsslbox.preparation.dataset_lists import (
    DataList,
    check_and_write_lists,
    find,
    link_files,
    list_parser,
)
from vsslbox.preparation.text_files import read_lines

SOURCES = {'train': 'trainlist', 'val': 'testlist'}
COUNTS = {'train': (9537, 9586, 9624), 'val': (3783, 3734, 3696)}


def read_split(path: Path, classes: list[str]) -> dict[str, int]:
    """Return the labels of the videos of a split, whose lines begin with `Class/video.avi`."""
    paths = [PurePath(line.split()[0]) for line in read_lines(path)]
    return {path.stem: classes.index(path.parent.name) for path in paths}


def main() -> None:
    """Check the download and write the lists."""
    args = list_parser(__doc__, 'ucf101').parse_args()
    splits = find(args.download, 'ucfTrainTestlist', 'annotations')
    classes = [line.split()[1] for line in read_lines(splits / 'classInd.txt')]
    videos = find(args.download, 'videos', 'UCF-101')
    files = link_files(videos, args.out / 'videos')
    lists = [
        DataList(
            f'ucf101_{subset}_split_{number}_videos.txt',
            read_split(splits / f'{source}0{number}.txt', classes),
            files,
            COUNTS[subset][number - 1],
        )
        for number in (1, 2, 3)
        for subset, source in SOURCES.items()
    ]
    check_and_write_lists(lists, args.out, args.allow_missing, classes)


if __name__ == '__main__':
    run_command(main)
