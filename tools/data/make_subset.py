"""Take a class-balanced share of a list of videos, for semi-supervised learning.

python tools/data/make_subset.py LIST --percent 1 --out FILE [--seed 0] [--label COLUMN]

Every class gives the same number of videos, round(percent of the list / classes) and at least one.
Which ones depends on the seed and the lines alone: each line's hash with the seed gives its place,
so that neither the order of the list nor a version of a library changes the choice.
"""

import argparse
import csv
import hashlib
from collections import defaultdict
from pathlib import Path

from vsslbox.apis.command_line import run_command
from vsslbox.utils.checkpoint import file_sha256

TEXT_FORM = '`path label`, separated by one space; a path that contains one needs a CSV list'


def read_lines(path: Path) -> list[tuple[int, str]]:
    """The lines of a list that aren't empty, with their numbers.

    Raises:
        FileNotFoundError: There is no such list.
        ValueError: It is empty.
    """
    if not path.is_file():
        raise FileNotFoundError(f'no list of videos at {path}')
    text = path.read_text(encoding='utf-8-sig')
    lines = [(number, line) for number, line in enumerate(text.split('\n'), 1) if line.strip()]
    if not lines:
        raise ValueError(f'the list {path} is empty')
    return [(number, line.rstrip()) for number, line in lines]


def group_by_class(path: Path, label: str) -> tuple[str | None, dict[str, set[str]]]:
    """The header of a CSV list (None of a text list), and the lines of every class.

    A line that is there twice counts once.

    Raises:
        ValueError: A line can't be read, or a CSV list lacks the column.
    """
    lines = read_lines(path)
    classes = defaultdict(set)
    if path.suffix.lower() != '.csv':
        for number, line in lines:
            fields = line.split(' ')
            if len(fields) != 2:
                raise ValueError(f'{path}:{number}: {line!r} is not {TEXT_FORM}')
            classes[fields[1]].add(line)
        return None, classes
    (_, header), *rows = lines
    columns = next(csv.reader([header]))
    if label not in columns:
        raise ValueError(f'{path} has no column {label!r}; it has {columns}: set --label')
    for number, line in rows:
        fields = next(csv.reader([line]))
        if len(fields) != len(columns):
            raise ValueError(f'{path}:{number}: {line!r} is not a row of the columns {columns}')
        classes[fields[columns.index(label)]].add(line)
    if not classes:
        raise ValueError(f'the list {path} has no rows below its header')
    return header, classes


def choose(
    classes: dict[str, set[str]], percent: float, seed: int
) -> tuple[int, dict[str, list[str]]]:
    """How many lines a class shall give, and the chosen lines of every class."""
    total = sum(map(len, classes.values()))
    wanted = max(1, round(percent / 100 * total / len(classes)))
    return wanted, {
        name: sorted(lines, key=lambda line: _place(line, seed))[:wanted]
        for name, lines in classes.items()
    }


def _place(line: str, seed: int) -> str:
    return hashlib.sha256(f'{seed}\n{line}'.encode()).hexdigest()


def write_list(header: str | None, chosen: dict[str, list[str]], path: Path) -> None:
    """Write the chosen lines, sorted, below the header if there is one."""
    lines = sorted(line for lines in chosen.values() for line in lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = '\n'.join([*([] if header is None else [header]), *lines]) + '\n'
    path.write_text(text, encoding='utf-8', newline='\n')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('list', type=Path, help='list of videos: `path label` lines, or CSV')
    parser.add_argument(
        '--percent', type=float, required=True, help='share of the list, in (0, 100]'
    )
    parser.add_argument('--out', type=Path, required=True, help='file for the subset')
    parser.add_argument('--seed', type=int, default=0, help='random seed')
    parser.add_argument('--label', default='label', help='column of a CSV list that has the class')
    args = parser.parse_args()
    if not 0 < args.percent <= 100:
        parser.error(f'--percent must be within (0, 100], got {args.percent:g}')
    if args.out.suffix.lower() != args.list.suffix.lower():
        parser.error(f'--out must end in {args.list.suffix or "no suffix"!r} as the list does')
    if args.out.resolve() == args.list.resolve():
        parser.error('--out is the list itself')
    return args


def main() -> None:
    """Make the subset, and say what is in it."""
    args = parse_args()
    header, classes = group_by_class(args.list, args.label)
    wanted, chosen = choose(classes, args.percent, args.seed)
    write_list(header, chosen, args.out)
    counts = {name: len(chosen[name]) for name in sorted(chosen, key=_class_order)}
    total = sum(map(len, classes.values()))
    taken = sum(counts.values())
    print(f'{taken} of {total} videos ({100 * taken / total:.2f} %) of {len(counts)} classes')
    print(f'{wanted} of each class; by class:')
    print('  ' + ' '.join(f'{name}:{count}' for name, count in counts.items()))
    short = [name for name, count in counts.items() if count < wanted]
    if short:
        print(f'{len(short)} classes have fewer than {wanted} and give all: {" ".join(short)}')
    print(f'SHA-256 {file_sha256(args.out)}  {args.out}')


def _class_order(name: str) -> tuple[int, int, str]:
    """Numbers by value, then names."""
    return (0, int(name), name) if name.isdecimal() else (1, 0, name)


if __name__ == '__main__':
    run_command(main)
