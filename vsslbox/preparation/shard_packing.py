"""Packing of videos into indexed tar files."""

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from vsslbox.datasets.readers import VideoError
from vsslbox.datasets.shards.shard_index import LABELS, PLACE, ShardIndex
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_json, write_text
from vsslbox.utils import is_utf8, whole_file

__all__ = [
    'PackedVideo',
    'PlannedShard',
    'is_packed',
    'list_columns',
    'pack_shard',
    'plan_hash',
    'plan_shards',
    'plan_videos',
    'write_index',
]

_ENDING = re.compile(r'\.[a-z0-9]{1,8}')
_BLOCK = tarfile.BLOCKSIZE


class PackedVideo(NamedTuple):
    """A video and how it is packed.

    Attributes:
        path: The file.
        name: Its name in the list.
        size: Its bytes.
        member: The name of its member. What precedes the dot is the key of a webdataset's sample.
        note: The JSON text of the list's columns, which is packed beside it.
    """

    path: str
    name: str
    size: int
    member: str
    note: str

    @property
    def packed_size(self) -> int:
        """The bytes that both members take."""
        sizes = self.size, len(self.note.encode())
        return sum(_BLOCK + -(-size // _BLOCK) * _BLOCK for size in sizes)


class PlannedShard(NamedTuple):
    """A shard and the videos that belong into it."""

    name: str
    videos: tuple[PackedVideo, ...]


def plan_videos(infos: Sequence[dict]) -> tuple[list[PackedVideo], dict[str, str]]:
    """Return the videos in the order of their list, and the reason for each that cannot be read.

    Args:
        infos: The entries of the list. A video that several of them name is packed once.
    """
    first = {info['filename']: info for info in reversed(infos)}
    infos = list(dict.fromkeys(info['filename'] for info in infos))
    with ThreadPoolExecutor() as pool:
        sizes = dict(zip(infos, pool.map(_size_of, infos)))
    failures = {path: size for path, size in sizes.items() if isinstance(size, str)}
    videos = []
    for number, path in enumerate(infos):
        if path in failures:
            continue
        name = first[path]['attributes']['name']
        if not is_utf8(name):
            failures[path] = 'its name is not UTF-8: rename it'
            continue
        ending = os.path.splitext(name)[1].lower()
        ending = ending if _ENDING.fullmatch(ending) and ending != '.json' else '.video'
        note = json.dumps(_note(first[path]), ensure_ascii=False, sort_keys=True)
        videos.append(PackedVideo(path, name, sizes[path], f'{number:09}{ending}', note))
    return videos, failures


def plan_shards(videos: Iterable[PackedVideo], size: int) -> list[PlannedShard]:
    """Distribute videos over shards in their order.

    Args:
        videos: The videos.
        size: The most bytes of a shard; one video may have more.
    """
    groups: list[list[PackedVideo]] = []
    left = 0
    for video in videos:
        if not groups or video.packed_size > left:
            groups.append([])
            left = size - tarfile.RECORDSIZE  # the end of an archive
        groups[-1].append(video)
        left -= video.packed_size
    return [PlannedShard(f'shard-{n:06}.tar', tuple(group)) for n, group in enumerate(groups)]


def plan_hash(shards: Iterable[PlannedShard]) -> str:
    """Return a hash of what goes where: a packing that goes on must have the same."""
    digest = hashlib.sha256()
    for shard in shards:
        digest.update(f'{shard.name}\n'.encode())
        for video in shard.videos:
            digest.update(f'{video.member} {video.size} {video.note}\n'.encode())
    return digest.hexdigest()


def is_packed(shard: PlannedShard, folder: Path) -> bool:
    """Return whether a shard is there, with the record of its members."""
    path = folder / shard.name
    return path.is_file() and _record_of(path).is_file() and path.stat().st_size == _size(shard)


def pack_shard(shard: PlannedShard, folder: Path) -> dict[str, str]:
    """Write a shard, then the record of its members.

    Returns:
        The reason for each video that cannot be read. With any, nothing is written.
    """
    path = folder / shard.name
    members, failures = [], {}
    with suppress(_IncompleteError), whole_file(path) as unfinished:
        with tarfile.open(unfinished, 'w', format=tarfile.GNU_FORMAT) as tar:
            for video in shard.videos:
                try:
                    members.append((video.member, *_add(tar, video), video.name))
                except VideoError as error:
                    failures[video.path] = error.reason
        if failures:
            raise _IncompleteError
    if not failures:
        write_text(_record_of(path), [json.dumps(dict(members=members), ensure_ascii=False)])
    return failures


def list_columns(infos: Sequence[dict], is_text: bool) -> dict[str, list[str]]:
    """Return the columns of a list as text, with the paths in one spelling.

    Args:
        infos: The entries of the list.
        is_text: Whether the list is text without a header, or a folder.

    Raises:
        InputError: A column has a name that the index needs.
    """
    if is_text:
        labels = [' '.join(map(str, _labels(info))) for info in infos]
        return dict(path=[info['attributes']['name'] for info in infos], **{LABELS: labels})
    names = [name for name in infos[0]['attributes'] if name != 'name']
    taken = [name for name in names if name in PLACE]
    if taken:
        raise InputError(f'the list has columns {taken}, which the index of shards needs: rename')
    return {name: [str(info['attributes'][name]) for info in infos] for name in names}


def write_index(
    folder: Path, shards: Iterable[PlannedShard], columns: dict[str, list[str]], list_name: str
) -> None:
    """Write the index of a packing whose shards are all there.

    Args:
        folder: The folder of the shards.
        shards: The shards.
        columns: The columns of the list; ``path`` has the names of the videos.
        list_name: The list, relative to the folder of the videos; '' for a folder.
    """
    places: dict[str, tuple] = {}
    sizes = {}
    for shard in shards:
        sizes[shard.name] = _size(shard)
        for member, offset, size, sha256, name in read_json(_record_of(folder / shard.name))[
            'members'
        ]:
            places[name] = shard.name, member, offset, size, bytes.fromhex(sha256)
    rows = zip(*(places[name] for name in columns['path']))
    ShardIndex.write(folder, dict(zip(PLACE, rows)) | columns, list_name, sizes)


class _IncompleteError(Exception):
    """A shard lacks a video, and must not get its name."""


class _Source:
    """A file whose bytes are hashed while they are read, and must be as many as planned."""

    def __init__(self, video: PackedVideo) -> None:
        self._video = video
        self._left = video.size
        self.digest = hashlib.sha256()
        try:
            self._file = open(video.path, 'rb')  # noqa: SIM115
        except OSError as error:
            raise VideoError.of(video.path, error) from None

    def read(self, size: int) -> bytes:
        """Read bytes."""
        try:
            data = self._file.read(size)
        except OSError as error:
            raise VideoError.of(self._video.path, error) from None
        self._left -= len(data)
        if len(data) < size:
            self._refuse()
        self.digest.update(data)
        return data

    def close(self) -> None:
        """Close the file, of which nothing may be left."""
        with self._file:
            if self._left or self._file.read(1):
                self._refuse()

    def _refuse(self) -> None:
        raise VideoError(
            self._video.path,
            f'it no longer has the {self._video.size} bytes that it had at the start: pack when '
            'nothing writes to it',
        )


def _add(tar: tarfile.TarFile, video: PackedVideo) -> tuple[int, int, str]:
    """Add a video and its note; return where its bytes are, how many, and their hash."""
    source = _Source(video)
    header = _header(video.member, video.size)
    tar.addfile(header, source)
    source.close()
    offset = tar.offset - -(-video.size // _BLOCK) * _BLOCK
    note = video.note.encode()
    key = video.member.partition('.')[0]
    tar.addfile(_header(f'{key}.json', len(note)), io.BytesIO(note))
    return offset, video.size, source.digest.hexdigest()


def _header(name: str, size: int) -> tarfile.TarInfo:
    """Return a header that tells nothing of the machine or the time."""
    header = tarfile.TarInfo(name)
    header.size = size
    return header


def _size(shard: PlannedShard) -> int:
    """Return the bytes of a shard."""
    content = sum(video.packed_size for video in shard.videos) + 2 * _BLOCK
    return -(-content // tarfile.RECORDSIZE) * tarfile.RECORDSIZE


def _record_of(path: Path) -> Path:
    return path.with_suffix('.json')


def _size_of(path: str) -> int | str:
    """Return the size of a file that can be opened, or the reason why it cannot."""
    try:
        with open(path, 'rb') as file:
            return os.fstat(file.fileno()).st_size
    except OSError as error:
        return error.strerror or str(error)


def _labels(info: dict) -> list[int]:
    label: Any = info.get('label', [])
    return label if isinstance(label, list) else [label]


def _note(info: dict) -> dict:
    """Return what is known of a video beside its bytes."""
    note = {name: value for name, value in info['attributes'].items() if name != 'name'}
    if isinstance(info.get('label'), list):  # of a text list, whose attributes have single labels
        note['label'] = info['label']
    return dict(note, path=info['attributes']['name'])
