"""What the tools share that turn an unpacked download into lists of what is in it."""

import argparse
import csv
import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from vsslbox.datasets.video_dataset import ENDINGS, VideoDataset
from vsslbox.errors import InputError
from vsslbox.utils.paths import printable, temporary_path

__all__ = [
    'DataList',
    'check_lists',
    'files_below',
    'find',
    'link_folder',
    'list_parser',
    'read_csv',
    'read_json',
    'read_lines',
    'write_lists',
    'write_text',
]

MISSING = 'missing.txt'
SHOWN = 5
README = 'the README.md beside this tool shows the layout'


@dataclass
class DataList:
    """A list, as it is published and as far as its files are there.

    Attributes:
        name: The name of its file.
        rows: The label of each video by its name without ending; None where there is none.
        files: The path of each file that is there, by its name without ending.
        official: How many rows the publishers count; None where that depends on the release.
        content: The lines of each video, where they are others than its path and label.
    """

    name: str
    rows: dict[str, int | None]
    files: dict[str, str]
    official: int | None = None
    content: dict[str, list[str]] | None = None

    @property
    def found(self) -> list[str]:
        """The names of the videos that are there, in the order of their paths."""
        return sorted(self.rows.keys() & self.files.keys(), key=self.files.__getitem__)

    @property
    def missing(self) -> list[str]:
        """The names of the videos that aren't there, sorted."""
        return sorted(self.rows.keys() - self.files.keys())

    def lines(self) -> list[str]:
        """The lines of the videos that are there.

        Raises:
            InputError: A path contains a space.
        """
        return [line for name in self.found for line in self._lines_of(name)]

    def _lines_of(self, name: str) -> list[str]:
        if self.content is not None:
            return self.content[name]
        path, label = self.files[name], self.rows[name]
        if ' ' in path:
            raise InputError(f'{path!r} contains a space, which text lists do not allow: rename it')
        return [path if label is None else f'{path} {label}']


def list_parser(doc: str, name: str) -> argparse.ArgumentParser:
    """A parser of the arguments that the tools share; lists go to ``data/<name>`` if not told."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('download', type=Path, help='folder of the unpacked download')
    parser.add_argument(
        '--out', type=Path, default=Path('data', name), help='folder for lists and links'
    )
    parser.add_argument(
        '--allow-missing', action='store_true', help='write lists of what is there, though not all'
    )
    return parser


# --------------------------------------------------------------------------- what there is


def find(folder: Path, *names: str) -> Path:
    """The first of these files or folders that is below a folder.

    Raises:
        FileNotFoundError: None is.
    """
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f'{folder} has no {" or ".join(names)}: {README}')


def link_folder(folder: Path, place: Path) -> Path:
    """Make a folder reachable at another place, by a symbolic link, and return that place.

    Text lists can't hold spaces: if a folder in it has one in its name (Kinetics: "air drumming"),
    all in it are linked one by one, with underscores.

    Raises:
        FileExistsError: Something that is no link is in the way.
    """
    if place.exists() and place.samefile(folder):
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    entries = sorted(folder.iterdir())
    if not any(' ' in entry.name for entry in entries):
        _link(folder, place)
        return place
    if place.is_symlink():
        place.unlink()
    place.mkdir(exist_ok=True)
    for entry in entries:
        _link(entry, place / entry.name.replace(' ', '_'))
    return place


def _link(target: Path, place: Path) -> None:
    if place.is_symlink():
        place.unlink()
    elif place.exists():
        raise FileExistsError(
            f'{place} is in the way of a link to {target}: move it, or choose another --out'
        )
    place.symlink_to(os.path.relpath(target.resolve(), place.parent.resolve()))


def files_below(folder: Path, endings: Collection[str] = ENDINGS) -> dict[str, str]:
    """The paths of all files below a folder, by their names without ending.

    Of several with one name, the first path counts.

    Raises:
        InputError: There is none.
    """
    dataset = VideoDataset(data_root=str(folder), endings=endings)
    paths = [dataset.get_data_info(index)['attributes']['name'] for index in range(len(dataset))]
    return {PurePath(path).stem: path for path in reversed(paths)}


def read_lines(path: Path) -> list[str]:
    """The lines of a text file that aren't empty."""
    return [line.strip() for line in path.read_text('utf-8-sig').splitlines() if line.strip()]


def read_json(path: Path) -> dict | list:
    """What a JSON file holds.

    Raises:
        InputError: It isn't JSON.
    """
    try:
        return json.loads(path.read_text('utf-8-sig'))
    except ValueError as error:
        raise InputError(f'{path} is not JSON: {error}') from None


def read_csv(path: Path, *columns: str) -> list[dict[str, str]]:
    """The rows of a CSV file with a header.

    Raises:
        InputError: It lacks a column.
    """
    with open(path, newline='', encoding='utf-8-sig') as file:
        reader = csv.DictReader(file)
        header = reader.fieldnames or []
        if not set(columns) <= set(header):
            raise InputError(f'{path} must have the columns {list(columns)}, it has {list(header)}')
        return list(reader)


# --------------------------------------------------------------------------- what comes of it


def check_lists(lists: Sequence[DataList], out: Path, allow_missing: bool) -> None:
    """Print how much of each list is there, and write the names of what is missing to a file.

    Raises:
        InputError: Something is missing, and that isn't allowed; or all is.
    """
    width = max(len(one.name) for one in lists)
    print(f'{"list":<{width}} {"official":>9} {"annotated":>9} {"found":>9}')
    problems = []
    for one in lists:
        official = '-' if one.official is None else one.official
        print(f'{one.name:<{width}} {official:>9} {len(one.rows):>9} {len(one.found):>9}')
        if one.official not in (None, len(one.rows)):
            problems.append(f'{one.name} has {len(one.rows)} rows, not {one.official}')
    all_rows = {name for one in lists for name in one.rows}
    extra = sorted({name for one in lists for name in one.files} - all_rows)
    if extra:
        print(f'{len(extra)} files are in no list: {_some(extra)}')
    missing = sorted({name for one in lists for name in one.missing})
    (out / MISSING).unlink(missing_ok=True)
    if missing:
        write_text(out / MISSING, missing)
        problems.append(
            f'{len(missing)} of {len(all_rows)} ({len(missing) / len(all_rows):.2%}) are missing: '
            f'{_some(missing)}; all are in {out / MISSING}'
        )
    for one in lists:
        if not one.found:
            raise InputError(f'nothing of {one.name} is there: {README}')
    if problems and not allow_missing:
        problems.append('No list is written; --allow-missing writes lists of what is there.')
        raise InputError('\n'.join(problems))
    for problem in problems:
        print(problem)


def _some(names: Sequence[str]) -> str:
    return ', '.join(map(printable, [*names[:SHOWN], '...'][: len(names)]))


def write_lists(lists: Sequence[DataList], out: Path, classes: Sequence[str] = ()) -> None:
    """Write the lists, and the names of the classes in the order of their labels."""
    texts = {out / one.name: one.lines() for one in lists}
    for path, lines in texts.items():
        write_text(path, lines)
        print(f'{len(lines)} lines written to {path}')
    if classes:
        write_text(out / 'classes.txt', classes)


def write_text(path: Path, lines: Sequence[str]) -> None:
    """Write lines to a file that gets its name when it is finished."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(str(path))
    text = ''.join(f'{line}\n' for line in lines)
    temporary.write_text(text, encoding='utf-8', errors='surrogateescape', newline='\n')
    os.replace(temporary, path)
