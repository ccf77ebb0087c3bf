"""A video in a shard."""

from abc import ABC, abstractmethod
from typing import Any

from vsslbox.datasets.readers import VideoSource
from vsslbox.datasets.readers.video_source import SourceFile

__all__ = ['ShardMember', 'Shards']


class ShardMember(VideoSource):
    """A video in a shard, which is read when it is opened.

    Args:
        shards: The shards.
        path: The name of the video in messages: the shard, and the video's name in the list.
        shard: The file name of the shard.
        member: The name of the member.
        offset: Where its bytes begin in the shard.
        size: Their number.
        sha256: Their hash, 32 bytes.
    """

    content: bytes

    def __init__(
        self,
        shards: 'Shards',
        path: str,
        shard: str,
        member: str,
        offset: int,
        size: int,
        sha256: bytes,
    ) -> None:
        self.path = path
        self.shard = shard
        self.member = member
        self.offset = offset
        self.size = size
        self.content = sha256
        self._shards = shards

    def open(self) -> SourceFile:
        """Open the bytes; see :meth:`VideoSource.open`."""
        return self._shards.open(self)


class Shards(ABC):
    """A place that has shards and their index.

    Attributes:
        root: The folder or address.
    """

    root: str

    @abstractmethod
    def read_index(self, name: str) -> Any:
        """Return the index, as a path or as a file in memory.

        Raises:
            FileNotFoundError: There is none.
            InputError: It cannot be read.
        """

    @abstractmethod
    def check(self, sizes: dict[str, int]) -> None:
        """Check that the shards are there, as far as this is quick.

        Args:
            sizes: The bytes of each shard.

        Raises:
            FileNotFoundError: Shards are missing.
            InputError: Shards have other sizes.
        """

    @abstractmethod
    def open(self, member: ShardMember) -> SourceFile:
        """Open the bytes of a member; see :meth:`VideoSource.open`."""
