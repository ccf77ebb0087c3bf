"""Lists of the videos of an unpacked download, as the tools in ``tools/data/`` write them."""

import argparse
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from vsslbox.datasets.video_dataset import ENDINGS, VideoDataset
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import write_text
from vsslbox.utils import escaped

__all__ = [
    'DataList',
    'check_and_write_lists',
    'check_lists',
    'find',
    'link_files',
    'link_folder',
    'list_parser',
    'write_lists',
]

MISSING = 'missing.txt'
SHOWN = 5
README = 'the README.md beside this tool shows the layout'


@dataclass
class DataList:
    """A published list, and the files of the download.

    Attributes:
        name: The file name of the list.
        rows: The label of each video by its name without ending; None if it has no label.
        files: The path of each present file, by its name without ending.
        official: The published number of rows; None if it depends on the release.
        content: The lines of each video, if they are not its path and label.
    """

    name: str
    rows: dict[str, int | None]
    files: dict[str, str]
    official: int | None = None
    content: dict[str, list[str]] | None = None

    @property
    def found(self) -> list[str]:
        """The names of the videos that are present, in the order of their paths."""
        return sorted(self.rows.keys() & self.files.keys(), key=self.files.__getitem__)

    @property
    def missing(self) -> list[str]:
        """The names of the videos that are missing, sorted."""
        return sorted(self.rows.keys() - self.files.keys())

    def lines(self) -> list[str]:
        """Return the lines of the videos that are present.

        Raises:
            InputError: A path contains a space.
        """
        if self.content is not None:
            return [line for name in self.found for line in self.content[name]]
        lines = []
        for name in self.found:
            path, label = self.files[name], self.rows[name]
            if ' ' in path:
                raise InputError(f'{path!r} has a space, which text lists do not allow: rename it')
            lines.append(path if label is None else f'{path} {label}')
        return lines


def list_parser(doc: str, name: str) -> argparse.ArgumentParser:
    """Return a parser of the shared arguments; the default folder of lists is ``data/<name>``."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('download', type=Path, help='folder of the unpacked download')
    parser.add_argument(
        '--out', type=Path, default=Path('data', name), help='folder for lists and links'
    )
    parser.add_argument(
        '--allow-missing', action='store_true', help='write lists even if files are missing'
    )
    return parser


# --------------------------------------------------------------------------- the download


def find(folder: Path, *names: str) -> Path:
    """Return the first of these files or folders that exists below a folder.

    Raises:
        FileNotFoundError: None exists.
    """
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f'{folder} has no {" or ".join(names)}: {README}')


def link_folder(folder: Path, place: Path) -> Path:
    """Make a symbolic link to a folder at another place, and return that place.

    Text lists cannot hold spaces: if the name of an entry has one (Kinetics: "air drumming"), all
    entries are linked one by one, with underscores instead.

    Raises:
        FileExistsError: Something other than a link is in the way.
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


def link_files(folder: Path, place: Path, endings: Collection[str] = ENDINGS) -> dict[str, str]:
    """Link a folder to another place, and return the paths below it by their names without ending.

    Of several files with the same name, the first path counts.

    Raises:
        InputError: There are no such files.
    """
    dataset = VideoDataset(data_root=str(link_folder(folder, place)), endings=endings)
    paths = [dataset.get_data_info(index)['attributes']['name'] for index in range(len(dataset))]
    return {PurePath(path).stem: path for path in reversed(paths)}


# --------------------------------------------------------------------------- the lists


def check_lists(lists: Sequence[DataList], out: Path, allow_missing: bool) -> None:
    """Print how many files of each list are present, and write the names of missing ones to a file.

    Raises:
        InputError: All files of a list are missing, or some are and that is not allowed.
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
            raise InputError(f'no file of {one.name} was found: {README}')
    if problems and not allow_missing:
        problems.append('No list was written; --allow-missing writes lists of the files found.')
        raise InputError('\n'.join(problems))
    for problem in problems:
        print(problem)


def _some(names: Sequence[str]) -> str:
    return ', '.join(map(escaped, [*names[:SHOWN], '...'][: len(names)]))


def write_lists(lists: Sequence[DataList], out: Path, classes: Sequence[str] = ()) -> None:
    """Write the lists, and the names of the classes in the order of their labels."""
    texts = {out / one.name: one.lines() for one in lists}
    for path, lines in texts.items():
        write_text(path, lines)
        print(f'{len(lines)} lines written to {path}')
    if classes:
        write_text(out / 'classes.txt', classes)


def check_and_write_lists(
    lists: Sequence[DataList], out: Path, allow_missing: bool, classes: Sequence[str] = ()
) -> None:
    """Check lists, then write them; see :func:`check_lists` and :func:`write_lists`."""
    check_lists(lists, out, allow_missing)
    write_lists(lists, out, classes)
