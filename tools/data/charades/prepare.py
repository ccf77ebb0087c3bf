"""Write the lists of Charades, with all actions of a video as its labels.

python tools/data/charades/prepare.py DOWNLOAD [--out data/charades] [--allow-missing]
"""

import re
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
from vsslbox.preparation.text_files import read_csv, read_lines

SOURCES = {'train': 'Charades_v1_train.csv', 'val': 'Charades_v1_test.csv'}
COUNTS = {'train': 7985, 'val': 1863}
CLASSES = 157
# A class, and the second at which the action starts and ends.
ACTION = re.compile(r'c(\d{3}) \d+(\.\d+)? \d+(\.\d+)?')


def read_split(path: Path) -> dict[str, list[int]]:
    """Return the classes of each video, sorted, each once.

    Raises:
        InputError: It lacks a column, or an action is spelt in another way.
    """
    labels = {}
    for row in read_csv(path, 'id', 'actions'):
        actions = [action for action in row['actions'].split(';') if action]
        found = list(map(ACTION.fullmatch, actions))
        if not all(match and int(match[1]) < CLASSES for match in found):
            raise InputError(
                f'{path}: the actions of {row["id"]} must be such as "c092 11.90 21.20;c147 0.00 '
                f'12.60", got {row["actions"]!r}'
            )
        labels[row['id']] = sorted({int(match[1]) for match in found})
    return labels


def read_classes(path: Path) -> list[str]:
    """Return the names of the classes, whose lines are ``c000 Holding some clothes``."""
    lines = read_lines(path)
    return [line.split(' ', 1)[1] for line in lines]


def main() -> None:
    """Check the download and write the lists."""
    args = list_parser(__doc__, 'charades').parse_args()
    annotations = find(args.download, 'Charades', 'annotations')
    splits = {split: read_split(annotations / name) for split, name in SOURCES.items()}
    files = link_files(
        find(args.download, 'Charades_v1_480', 'Charades_v1', 'videos'), args.out / 'videos'
    )
    lists = []
    for split, labels in splits.items():
        content = {
            name: [' '.join(map(str, (files[name], *classes)))] if classes else []
            for name, classes in labels.items()
            if name in files
        }
        rows = dict.fromkeys(labels)
        name = f'charades_{split}_list_videos.txt'
        lists.append(DataList(name, rows, files, COUNTS[split], content))
        without = sum(not classes for classes in labels.values())
        print(f'{split}: {without} videos have no action and are left out of the list')
    classes = read_classes(annotations / 'Charades_v1_classes.txt')
    check_and_write_lists(lists, args.out, args.allow_missing, classes)


if __name__ == '__main__':
    run_command(main)
