"""Write the lists of the three splits of HMDB51.

python tools/data/hmdb51/prepare.py DOWNLOAD [--out data/hmdb51] [--allow-missing]
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
from vsslbox.preparation.text_files import read_lines

MARKS = {'train': '1', 'val': '2'}  # 0 marks videos that a split does not use
COUNTS = {'train': 3570, 'val': 1530}


def read_split(folder: Path, ending: str, mark: str, classes: list[str]) -> dict[str, int]:
    """Return the labels of videos with a mark, from each class's file of lines `video.avi mark`."""
    rows = {}
    for label, name in enumerate(classes):
        for line in read_lines(folder / f'{name}{ending}'):
            video, its_mark = line.rsplit(maxsplit=1)
            if its_mark == mark:
                rows[Path(video).stem] = label
    return rows


def main() -> None:
    """Check the download and write the lists."""
    args = list_parser(__doc__, 'hmdb51').parse_args()
    splits = find(args.download, 'testTrainMulti_7030_splits', 'annotations')
    endings = {number: f'_test_split{number}.txt' for number in (1, 2, 3)}
    classes = sorted(path.name.removesuffix(endings[1]) for path in splits.glob(f'*{endings[1]}'))
    videos = find(args.download, 'videos', 'hmdb51_org')
    files = link_files(videos, args.out / 'videos')
    lists = [
        DataList(
            f'hmdb51_{subset}_split_{number}_videos.txt',
            read_split(splits, ending, mark, classes),
            files,
            COUNTS[subset],
        )
        for number, ending in endings.items()
        for subset, mark in MARKS.items()
    ]
    check_and_write_lists(lists, args.out, args.allow_missing, classes)


if __name__ == '__main__':
    run_command(main)
