"""Published weights by name: ``zoo://NAME`` stands wherever the path of a checkpoint may.

The names are those of the ``Models`` with ``Weights`` in ``configs/*/metafile.yml``. Files are kept
in the folder ``$VSSLBOX_CACHE`` (default: ``~/.cache/vsslbox``). Where ``$VSSLBOX_ZOO_MIRROR`` is
set, they come from there and from nowhere else: a folder with what such a cache has, or the address
of one (``file://``, ``https://``).

A file is used when its SHA-256 is the one in the metafile. Many publishers give none: then that of
the file fetched first is written beside it, and counts from there on. To take another one, delete
both.
"""

import fcntl
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from os import PathLike
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from mmengine.fileio import load

from vsslbox.checkpoints.download import DownloadError, download
from vsslbox.errors import InputError
from vsslbox.utils.file_hash import file_sha256

__all__ = ['SCHEME', 'ZooEntry', 'ZooError', 'fetch', 'local_path', 'zoo_entries']

SCHEME = 'zoo://'
# What torch reads; other files are for tools that convert them.
_TORCH_ENDINGS = ('.pth', '.pt', '.pth.tar')
_SHA256 = re.compile(rb'[0-9A-Fa-f]{64}\b')

_PACKAGE = Path(__file__).resolve().parents[1]
# Where configs and model-index.yml are: in a wheel beside the code, otherwise in the checkout.
ROOT = _PACKAGE / '.mim' if (_PACKAGE / '.mim').is_dir() else _PACKAGE.parent


class ZooError(InputError):
    """A name that the zoo doesn't have, or weights that can't be used as asked."""


@dataclass(frozen=True)
class ZooEntry:
    """Weights that have a name.

    Attributes:
        name: The name.
        weights: Their address, or their path in the repository.
        license: The licence under which they are published.
        description: What they are, in a few words.
        size: The length of the file in bytes, if known.
        sha256: Its hash, if known.
    """

    name: str
    weights: str
    license: str
    description: str
    size: int | None = None
    sha256: str | None = None

    @property
    def file_name(self) -> str:
        """What the file is called in a cache or a mirror: the name, with the ending it has."""
        return self.name + ''.join(PurePosixPath(urlsplit(self.weights).path).suffixes)

    @property
    def is_in_repository(self) -> bool:
        """Whether the file came with the code."""
        return '://' not in self.weights and (ROOT / self.weights).is_file()

    @property
    def path(self) -> Path:
        """Where the file is, or will be when it is fetched."""
        if self.is_in_repository:
            return ROOT / self.weights
        cache = os.environ.get('VSSLBOX_CACHE') or '~/.cache/vsslbox'
        return _folder(cache, 'VSSLBOX_CACHE') / self.file_name

    def known_sha256(self) -> str | None:
        """The hash that the file must have: the published one, or the one of the first use.

        Raises:
            ZooError: What should be the hash of the first use is none.
        """
        record = _record_of(self.path)
        if self.sha256 is None and record.is_file():
            return _recorded_sha256(record)
        return self.sha256

    def is_ready(self) -> bool:
        """Whether the right file is there already."""
        known = self.known_sha256()
        return known is not None and self.path.is_file() and file_sha256(self.path) == known

    def source(self) -> str:
        """The address from which to fetch the file.

        Raises:
            ZooError: It lies in the repository, and this installation lacks it.
        """
        mirror = os.environ.get('VSSLBOX_ZOO_MIRROR')
        if mirror:
            if '://' not in mirror:
                mirror = _folder(mirror, 'VSSLBOX_ZOO_MIRROR').absolute().as_uri()
            return f'{mirror.rstrip("/")}/{self.file_name}'
        if '://' not in self.weights:
            raise ZooError(
                f'the weights {self.name} are {self.weights} in the repository, which this '
                'installation lacks: use a checkout, or set VSSLBOX_ZOO_MIRROR to a folder that '
                f'has them as {self.file_name}'
            )
        return self.weights


def local_path(path: str | PathLike) -> Path:
    """The local file of a checkpoint, fetched first where it is ``zoo://NAME``.

    Raises:
        ZooError: There is no such name, or torch can't read its file.
        DownloadError: The file can't be had.
    """
    text = os.fspath(path)
    if not text.startswith(SCHEME):
        return Path(text)
    entry = _find(text.removeprefix(SCHEME))
    if not entry.file_name.endswith(_TORCH_ENDINGS):
        raise ZooError(
            f'{text} is no file of torch ({entry.description}): fetch it with tools/download.py '
            f'{entry.name} and convert it first'
        )
    return fetch(entry.name)


def fetch(name: str) -> Path:
    """The local file of the weights with a name; it is fetched if it isn't there.

    Several processes may ask at once: one fetches, the others wait.

    Raises:
        ZooError: There is no such name, or the file in the repository was changed.
        DownloadError: The file can't be had, or isn't the one with the known hash.
    """
    entry = _find(name)
    if entry.is_ready():
        return entry.path
    if entry.is_in_repository:
        raise ZooError(f'{entry.path} is not the file {name} as published: restore it')
    with _one_process_at_a_time(entry.path):
        if not entry.is_ready():
            _make_ready(entry)
    return entry.path


def zoo_entries() -> dict[str, ZooEntry]:
    """All weights that have a name, by it.

    Raises:
        ZooError: The installation lacks the list of them.
    """
    index = ROOT / 'model-index.yml'
    if not index.is_file():
        raise ZooError(f'no list of weights at {index}: this installation of vsslbox is not whole')
    models = [model for name in load(index)['Import'] for model in load(ROOT / name)['Models']]
    return {
        model['Name']: ZooEntry(
            model['Name'],
            model['Weights'],
            model['License'],
            model['Description'],
            model.get('Weights Size'),
            model.get('Weights SHA256'),
        )
        for model in models
        if 'Weights' in model
    }


def _find(name: str) -> ZooEntry:
    entries = zoo_entries()
    if name not in entries:
        near = get_close_matches(name, entries, 1, 0.4)
        hint = f"did you mean '{near[0]}'? " if near else ''
        raise ZooError(f"no weights '{name}'; {hint}tools/download.py --list prints all names")
    return entries[name]


def _folder(path: str, variable: str) -> Path:
    """The folder that an environment variable names, with what ``~`` stands for."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ZooError(
            f'{path} cannot be found ({error}); set {variable} to a folder by its whole path'
        ) from error


def _recorded_sha256(record: Path) -> str:
    """The hash in a record, of which other tools may have made the letters large."""
    found = _SHA256.match(record.read_bytes())
    if not found:
        raise ZooError(
            f'{record} holds no SHA-256 as sha256sum writes it: delete it, and the next use of its '
            'file writes another'
        )
    return found[0].decode().lower()


def _record_of(path: Path) -> Path:
    """Where the hash of the first use is, as ``sha256sum --check`` reads it."""
    return path.with_name(f'{path.name}.sha256')


def _other_ways(entry: ZooEntry) -> str:
    """How to get a file that can't be fetched."""
    mirror = os.environ.get('VSSLBOX_ZOO_MIRROR')
    if mirror:
        return f'VSSLBOX_ZOO_MIRROR is {mirror}: the file must be there as {entry.file_name}'
    return (
        f'On a machine without access to it, put the file at {entry.path}, or set '
        f'VSSLBOX_ZOO_MIRROR to a folder that has it as {entry.file_name}'
    )


def _make_ready(entry: ZooEntry) -> None:
    path, known = entry.path, entry.known_sha256()
    if known is not None or not path.is_file():
        source = entry.source()
        print(f'{source} -> {path}\nlicence: {entry.license}', file=sys.stderr)
        try:
            download(source, path, size=entry.size, sha256=known)
        except DownloadError as error:
            raise DownloadError(f'{error}. {_other_ways(entry)}') from error
    if known is None:
        found = file_sha256(path)
        unfinished = path.with_name(f'{path.name}.sha256.part')  # others may be reading
        unfinished.write_text(f'{found}  {path.name}\n', 'utf-8')
        unfinished.replace(_record_of(path))
        print(
            f'no SHA-256 of {entry.name} is published: that of now, {found}, is in '
            f'{_record_of(path)} and must be the same from now on',
            file=sys.stderr,
        )


@contextmanager
def _one_process_at_a_time(path: Path) -> Iterator[None]:
    """Wait until no other process is fetching the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(f'{path.name}.lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
