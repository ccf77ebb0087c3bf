"""Write the lists of FineGym 1.0: Gym99, Gym288 and the subsets of Gym99 that SEVERE evaluates.

python tools/data/finegym/prepare.py DOWNLOAD [--out data/finegym] [--allow-missing]
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
from vsslbox.preparation.text_files import read_lines

# The files of each level; FineGym's page and other code name them differently.
SOURCES = {
    'train': ('{}_train_org.txt', '{}_train_element_v1.0.txt'),
    'val': ('{}_val_org.txt', '{}_val_element.txt'),
}
# The labels of Gym99 that a subset has.
SUBSETS = {
    'vault': range(6),
    'floor': range(6, 41),
    'fx-s1': range(6, 17),
    'ub-s1': range(74, 89),
}
COUNTS = {
    'gym99': (20484, 8521),
    'gym288': (22671, 9646),
    'vault': (1074, 446),
    'floor': (5385, 2226),
    'fx-s1': (1882, 777),
    'ub-s1': (3511, 1471),
}


def read_split(path: Path) -> dict[str, int]:
    """Return the labels of a split, whose lines are the id of an action and its label.

    Raises:
        InputError: A line is another one.
    """
    labels = {}
    for number, line in enumerate(read_lines(path), start=1):
        parts = line.split()
        if len(parts) != 2 or not parts[1].isdigit():
            raise InputError(f'{path}:{number}: expected "ID LABEL", got {line!r}')
        labels[parts[0]] = int(parts[1])
    return labels


def subset_of(labels: dict[str, int], chosen: range) -> dict[str, int]:
    """Return the actions with these labels, numbered from 0."""
    return {name: label - chosen.start for name, label in labels.items() if label in chosen}


def main() -> None:
    """Check the download and write the lists."""
    args = list_parser(__doc__, 'finegym').parse_args()
    folder = find(args.download, 'annotations', 'labels')
    splits = {
        (level, split): read_split(find(folder, *(name.format(level) for name in names)))
        for level in ('gym99', 'gym288')
        for split, names in SOURCES.items()
    }
    for name, chosen in SUBSETS.items():
        for split in SOURCES:
            splits[name, split] = subset_of(splits['gym99', split], chosen)
    files = link_files(find(args.download, 'videos', 'actions'), args.out / 'videos')
    lists = [
        DataList(f'{level}_{split}_list_videos.txt', labels, files, COUNTS[level][split == 'val'])
        for (level, split), labels in splits.items()
    ]
    check_and_write_lists(lists, args.out, args.allow_missing)


if __name__ == '__main__':
    run_command(main)
