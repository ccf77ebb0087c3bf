"""Draw a subset of a list of videos: class-balanced, as for semi-supervised learning, or plain.

python tools/data/make_subset.py LIST --percent 1 --out FILE [--seed 0] [--label COLUMN]
python tools/data/make_subset.py LIST --per-class 10 --out FILE [--seed 0] [--label COLUMN]
python tools/data/make_subset.py LIST --percent 30 --out FILE --unbalanced [--seed 0]
python tools/data/make_subset.py LIST --percent 30 --out FILE --with-replacement [--seed 0]

Every class gives the same number of videos, --per-class or round(percent of the list / classes) and
at least one; a class that has fewer gives all.
With --unbalanced the subset is a share of the whole list, rounded down, and needs no labels. The
choice depends only on the seed and the lines: lines are sorted by their hash with the seed, so that
neither the order of the list nor the version of a library changes the choice.

--with-replacement is --unbalanced following the authors' code of VIE: lines in the order of the
list, some of them repeated, drawn by NumPy's RandomState(seed), which never changes its draws.
"""

import argparse
import csv
import hashlib
from collections import defaultdict
from pathlib import Path

import numpy as np

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.errors import InputError
from vsslbox.utils import file_sha256

TEXT_FORM = '`path label`, separated by one space; a path that contains one needs a CSV list'


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Return the lines of a list that are not empty, with their numbers.

    Raises:
        FileNotFoundError: There is no such list.
        InputError: The list is empty.
    """
    if not path.is_file():
        raise FileNotFoundError(f'no list of videos at {path}')
    text = path.read_text(encoding='utf-8-sig')
    lines = [(number, line) for number, line in enumerate(text.split('\n'), 1) if line.strip()]
    if not lines:
        raise InputError(f'the list {path} is empty')
    return [(number, line.rstrip()) for number, line in lines]


def read_list(path: Path) -> tuple[str | None, list[tuple[int, str]]]:
    """Return the header of a CSV list (None for a text list), and the numbered lines below.

    Raises:
        InputError: There are no lines.
    """
    lines = read_lines(path)
    if path.suffix.lower() != '.csv':
        return None, lines
    (_, header), *rows = lines
    if not rows:
        raise InputError(f'the list {path} has no rows below its header')
    return header, rows


def group_by_class(path: Path, label: str) -> tuple[str | None, dict[str, set[str]]]:
    """Return the header of a CSV list (None for a text list), and the lines of every class.

    Repeated lines count once.

    Raises:
        InputError: A line is malformed, or a CSV list lacks the column.
    """
    header, lines = read_list(path)
    classes = defaultdict(set)
    if header is None:
        for number, line in lines:
            fields = line.split(' ')
            if len(fields) != 2:
                raise InputError(f'{path}:{number}: {line!r} is not {TEXT_FORM}')
            classes[fields[1]].add(line)
        return None, classes
    columns = next(csv.reader([header]))
    if label not in columns:
        raise InputError(f'{path} has no column {label!r}; it has {columns}: set --label')
    for number, line in lines:
        fields = next(csv.reader([line]))
        if len(fields) != len(columns):
            raise InputError(f'{path}:{number}: {line!r} is not a row of the columns {columns}')
        classes[fields[columns.index(label)]].add(line)
    return header, classes


def number_of_class(classes: dict[str, set[str]], percent: float) -> int:
    """Return the number of lines that a share of the list has of each class, at least one."""
    total = sum(map(len, classes.values()))
    return max(1, round(percent / 100 * total / len(classes)))


def choose_by_class(classes: dict[str, set[str]], wanted: int, seed: int) -> dict[str, list[str]]:
    """Return the chosen lines of every class, as many as wanted or all."""
    return {
        name: sorted(lines, key=lambda line: _place(line, seed))[:wanted]
        for name, lines in classes.items()
    }


def choose_unbalanced(lines: list[str], percent: float, seed: int) -> list[str]:
    """Return the chosen lines, sorted; repeated lines count once."""
    lines = sorted(set(lines), key=lambda line: _place(line, seed))
    return sorted(lines[: _share(lines, percent)])


def choose_with_replacement(lines: list[str], percent: float, seed: int) -> list[str]:
    """Return the drawn lines in the order of the list, as often as they were drawn."""
    drawn = np.random.RandomState(seed).choice(len(lines), _share(lines, percent))
    return [lines[index] for index in sorted(drawn)]


def _share(lines: list[str], percent: float) -> int:
    return max(1, int(percent * len(lines) / 100))


def _place(line: str, seed: int) -> str:
    return hashlib.sha256(f'{seed}\n{line}'.encode()).hexdigest()


def write_list(header: str | None, lines: list[str], path: Path) -> None:
    """Write lines, below the header if there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = '\n'.join([*([] if header is None else [header]), *lines]) + '\n'
    path.write_text(text, encoding='utf-8', newline='\n')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('list', type=Path, help='list of videos: `path label` lines, or CSV')
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument('--percent', type=float, help='share of the list, in (0, 100]')
    size.add_argument('--per-class', type=int, metavar='N', help='videos of each class')
    parser.add_argument('--out', type=Path, required=True, help='file for the subset')
    parser.add_argument('--seed', type=int, default=0, help='random seed')
    parser.add_argument('--label', default='label', help='column of a CSV list with the class')
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        '--unbalanced', action='store_true', help='a share of the whole list, regardless of classes'
    )
    kind.add_argument(
        '--with-replacement',
        action='store_true',
        help='the same, but lines may be drawn several times',
    )
    args = parser.parse_args()
    if args.percent is not None and not 0 < args.percent <= 100:
        parser.error(f'--percent must be within (0, 100], got {args.percent:g}')
    if args.per_class is not None and args.per_class < 1:
        parser.error(f'--per-class must be at least 1, got {args.per_class}')
    if args.per_class and (args.unbalanced or args.with_replacement):
        parser.error('--unbalanced and --with-replacement take a share: give --percent')
    if args.out.suffix.lower() != args.list.suffix.lower():
        parser.error(f'--out must end in {args.list.suffix or "no suffix"!r} as the list does')
    if args.out.resolve() == args.list.resolve():
        parser.error('--out is the list itself')
    return args


def main() -> None:
    """Make the subset, and print its content."""
    args = parse_args()
    if args.unbalanced or args.with_replacement:
        make_plain(args)
    else:
        make_balanced(args)
    print(f'SHA-256 {file_sha256(args.out)}  {args.out}')


def make_plain(args: argparse.Namespace) -> None:
    """Make a subset regardless of classes."""
    header, numbered = read_list(args.list)
    lines = [line for _, line in numbered]
    choose = choose_with_replacement if args.with_replacement else choose_unbalanced
    chosen = choose(lines, args.percent, args.seed)
    write_list(header, chosen, args.out)
    print(f'{len(chosen)} lines of {len(lines)}, {len(set(chosen))} of them different')


def make_balanced(args: argparse.Namespace) -> None:
    """Make a subset with the same number of videos of every class."""
    header, classes = group_by_class(args.list, args.label)
    wanted = args.per_class or number_of_class(classes, args.percent)
    chosen = choose_by_class(classes, wanted, args.seed)
    write_list(header, sorted(line for lines in chosen.values() for line in lines), args.out)
    counts = {name: len(chosen[name]) for name in sorted(chosen, key=_class_order)}
    total = sum(map(len, classes.values()))
    taken = sum(counts.values())
    print(f'{taken} of {total} videos ({100 * taken / total:.2f} %) of {len(counts)} classes')
    print(f'{wanted} of each class; by class:')
    print('  ' + ' '.join(f'{name}:{count}' for name, count in counts.items()))
    short = [name for name, count in counts.items() if count < wanted]
    if short:
        print(f'{len(short)} classes have fewer than {wanted}, all used: {" ".join(short)}')


def _class_order(name: str) -> tuple[int, int, str]:
    """Return a sort key: numbers by value, then names."""
    return (0, int(name), name) if name.isdecimal() else (1, 0, name)


if __name__ == '__main__':
    run_command(main)
