"""Published weights by name: ``zoo://NAME`` works wherever the path of a checkpoint does.

The names are those of the ``Models`` with ``Weights`` in ``configs/*/metafile.yml``. Files are kept
in the folder ``$VSSLBOX_CACHE`` (default: ``~/.cache/vsslbox``). If ``$VSSLBOX_ZOO_MIRROR`` is set,
they come only from there: a folder with the files of such a cache, or its address (``file://``,
``https://``).

A file is used if its SHA-256 is the one in the metafile. Many publishers give none: then the hash
of the first download is written beside the file, and later files must have it. To accept another
file, delete both.
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
from vsslbox.utils import ROOT, file_sha256, whole_file

__all__ = ['SCHEME', 'ZooEntry', 'ZooError', 'fetch', 'local_path', 'zoo_config', 'zoo_entries']

SCHEME = 'zoo://'
# Files that load_checkpoint reads; a tool must convert all others.
_READ_ENDINGS = ('.pth', '.pt', '.pth.tar', '.pyth', '.safetensors')
_SHA256 = re.compile(rb'[0-9A-Fa-f]{64}\b')


class ZooError(InputError):
    """A name that the zoo does not have, or weights that cannot be used as asked."""


@dataclass(frozen=True)
class ZooEntry:
    """Published weights.

    Attributes:
        name: Their name in the zoo.
        weights: Their address, or their path in the repository.
        license: The licence under which they are published.
        description: A few words on what they are.
        config: The path in the repository of the config that they belong to, if there is one.
        size: The length of the file in bytes, if known.
        sha256: The hash of the file, if known.
    """

    name: str
    weights: str
    license: str
    description: str
    config: str | None = None
    size: int | None = None
    sha256: str | None = None

    @property
    def file_name(self) -> str:
        """The name of the file in a cache or a mirror: the name of the weights and the ending."""
        return self.name + ''.join(PurePosixPath(urlsplit(self.weights).path).suffixes)

    @property
    def is_in_repository(self) -> bool:
        """Whether the file is part of this checkout."""
        return '://' not in self.weights and (ROOT / self.weights).is_file()

    @property
    def path(self) -> Path:
        """The path of the file, also before it is fetched."""
        if self.is_in_repository:
            return ROOT / self.weights
        cache = os.environ.get('VSSLBOX_CACHE') or '~/.cache/vsslbox'
        return _folder(cache, 'VSSLBOX_CACHE') / self.file_name

    def known_sha256(self) -> str | None:
        """Return the hash that the file must have: the published or the first downloaded one.

        Raises:
            ZooError: The record of the first download holds no hash.
        """
        record = _record_of(self.path)
        if self.sha256 is None and record.is_file():
            return _recorded_sha256(record)
        return self.sha256

    def is_ready(self) -> bool:
        """Return whether the right file is there already."""
        known = self.known_sha256()
        return known is not None and self.path.is_file() and file_sha256(self.path) == known

    def source(self) -> str:
        """Return the address to fetch the file from.

        Raises:
            ZooError: The file is in the repository, and this installation lacks it.
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
    """Return the local file of a checkpoint; ``zoo://NAME`` is fetched first.

    Raises:
        ZooError: There is no such name, or torch cannot read its file, or it is a folder.
        DownloadError: The file cannot be fetched.
    """
    text = os.fspath(path)
    if not text.startswith(SCHEME):
        if Path(text).is_dir():
            raise ZooError(
                f'{text} is a folder: give a file; of a checkpoint in shares '
                f'(fully_shard.save_shares), `python tools/convert/join_shares.py {text} OUT.pth` '
                'makes one'
            )
        return Path(text)
    entry = _find(text.removeprefix(SCHEME))
    if not entry.file_name.endswith(_READ_ENDINGS):
        raise ZooError(
            f'torch cannot read {text} ({entry.description}): fetch it with tools/download.py '
            f'{entry.name} and convert it first'
        )
    return fetch(entry.name)


def fetch(name: str) -> Path:
    """Return the local file of published weights, and fetch it if necessary.

    Several processes may call this at once: one fetches, the others wait.

    Raises:
        ZooError: There is no such name, or the file in the repository was changed.
        DownloadError: The file cannot be fetched, or does not have the known hash.
    """
    entry = _find(name)
    if entry.is_ready():
        return entry.path
    if entry.is_in_repository:
        raise ZooError(f'{entry.path} is not the published file of {name}: restore it')
    with _one_process_at_a_time(entry.path):
        if not entry.is_ready():
            _make_ready(entry)
    return entry.path


def zoo_entries() -> dict[str, ZooEntry]:
    """Return all published weights by name.

    Raises:
        ZooError: The installation lacks the list of weights.
    """
    index = ROOT / 'model-index.yml'
    if not index.is_file():
        raise ZooError(f'no list of weights at {index}: this installation of vsslbox is incomplete')
    models = [model for name in load(index)['Import'] for model in load(ROOT / name)['Models']]
    return {
        model['Name']: ZooEntry(
            model['Name'],
            model['Weights'],
            model['License'],
            model['Description'],
            config=model.get('Config'),
            size=model.get('Weights Size'),
            sha256=model.get('Weights SHA256'),
        )
        for model in models
        if 'Weights' in model
    }


def zoo_config(path: str | PathLike) -> Path | None:
    """Return the config of ``zoo://NAME``, None for other paths and for names without one."""
    text = os.fspath(path)
    config = _find(text.removeprefix(SCHEME)).config if text.startswith(SCHEME) else None
    return None if config is None else ROOT / config


def _find(name: str) -> ZooEntry:
    entries = zoo_entries()
    if name not in entries:
        near = get_close_matches(name, entries, 1, 0.4)
        hint = f"did you mean '{near[0]}'? " if near else ''
        raise ZooError(f"no weights '{name}'; {hint}tools/download.py --list prints all names")
    return entries[name]


def _folder(path: str, variable: str) -> Path:
    """Return the folder that an environment variable names, with ``~`` expanded."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ZooError(
            f'{path} cannot be found ({error}); set {variable} to the full path of a folder'
        ) from error


def _recorded_sha256(record: Path) -> str:
    """Return the hash in a record in lower case; other tools write upper case."""
    found = _SHA256.match(record.read_bytes())
    if not found:
        raise ZooError(
            f'{record} holds no SHA-256 in the format of sha256sum: delete it, and the next use of '
            'its file writes a new one'
        )
    return found[0].decode().lower()


def _record_of(path: Path) -> Path:
    """Return the file with the hash of the first download, for ``sha256sum --check``."""
    return path.with_name(f'{path.name}.sha256')


def _other_ways(entry: ZooEntry) -> str:
    """Return how to get a file that cannot be fetched."""
    mirror = os.environ.get('VSSLBOX_ZOO_MIRROR')
    if mirror:
        return f'VSSLBOX_ZOO_MIRROR is {mirror}: the file must be there as {entry.file_name}'
    return (
        f'Without access to it, put the file at {entry.path}, or set '
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
        with whole_file(_record_of(path)) as unfinished:  # others may read the record
            unfinished.write_text(f'{found}  {path.name}\n', 'utf-8')
        print(
            f'no SHA-256 of {entry.name} is published: later files must have the current one, '
            f'{found}, which is in {_record_of(path)}',
            file=sys.stderr,
        )


@contextmanager
def _one_process_at_a_time(path: Path) -> Iterator[None]:
    """Hold the file's lock; wait while another process fetches the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(f'{path.name}.lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
