"""Shards in a folder."""

import os
import tarfile
from pathlib import Path

from vsslbox.datasets.readers import FileRange, VideoError
from vsslbox.datasets.readers.limits import refuse_irregular
from vsslbox.datasets.readers.video_source import SourceFile
from vsslbox.datasets.shards.shard_member import ShardMember, Shards
from vsslbox.errors import InputError

__all__ = ['LocalShards']


class LocalShards(Shards):
    """The shards of a folder, of which the ranges of their members are read.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: str) -> None:
        self.root = folder

    def read_index(self, name: str) -> Path:
        """Return the path of the index; see :meth:`Shards.read_index`."""
        path = Path(self.root, name)
        if not path.is_file():
            raise FileNotFoundError(
                f'no index of shards at {path}: set `data_root` to the folder that `vsslbox '
                'shards` made, and run it again if it was interrupted'
            )
        return path

    def check(self, sizes: dict[str, int]) -> None:
        """Check that all shards are there; see :meth:`Shards.check`."""
        found = {}
        with os.scandir(self.root) as entries:
            found = {entry.name: entry.stat().st_size for entry in entries if entry.name in sizes}
        missing = sorted(sizes.keys() - found.keys())
        if missing:
            raise FileNotFoundError(
                f'{len(missing)} of {len(sizes)} shards in {self.root} are missing, first '
                f'{missing[0]}'
            )
        other = [name for name, size in sizes.items() if found[name] != size]
        if other:
            raise InputError(
                f'{len(other)} of {len(sizes)} shards in {self.root} have another size than the '
                f'index says, first {other[0]} with {found[other[0]]} bytes instead of '
                f'{sizes[other[0]]}: they are cut off, or of another packing'
            )

    def open(self, member: ShardMember) -> SourceFile:
        """Open the range of a member; see :meth:`VideoSource.open`."""
        path = os.path.join(self.root, member.shard)
        try:
            refuse_irregular(path)
            file = FileRange(path, member.offset, member.size, member.path)
            header = os.pread(file.fileno(), tarfile.BLOCKSIZE, member.offset - tarfile.BLOCKSIZE)
            rest = os.fstat(file.fileno()).st_size - member.offset
        except (OSError, VideoError) as error:
            raise VideoError(member.path, VideoError.of(path, error).reason) from None
        if not _describes(header, member) or rest < member.size:
            file.close()
            raise VideoError(
                member.path,
                f'{path} has no member {member.member} of {member.size} bytes at '
                f'{member.offset}: it is cut off, or of another packing than the index',
            )
        return file


def _describes(header: bytes, member: ShardMember) -> bool:
    """Return whether a tar header is that of a member."""
    try:
        found = tarfile.TarInfo.frombuf(header, 'utf-8', 'surrogateescape')
    except tarfile.HeaderError:
        return False
    return (found.name, found.size) == (member.member, member.size)
