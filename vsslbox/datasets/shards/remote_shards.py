"""Shards behind an address."""

import hashlib
import io
import time
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

from vsslbox.datasets.readers import VideoError
from vsslbox.datasets.readers.images import refuse_bytes
from vsslbox.datasets.readers.limits import FILE_SECONDS
from vsslbox.datasets.readers.video_source import SourceFile
from vsslbox.datasets.shards.disk_cache import DiskCache
from vsslbox.datasets.shards.shard_member import ShardMember, Shards
from vsslbox.errors import InputError, VSSLBoxError
from vsslbox.utils import optional_module

__all__ = ['RemoteShards']

_MAGIC = b'PAR1'  # the first bytes of a Parquet file
_FIRST_WAIT = 0.5  # seconds before the second attempt, twice as long before each further one
_TEMPORARY = {408, 425, 429}  # replies of 400 to 499 after which another attempt may succeed
_SILENCE = 30  # seconds without a byte after which a request by HTTP counts as failed


class _BadReplyError(VSSLBoxError):
    """A reply that is not what was asked for."""


class RemoteShards(Shards):
    """Shards behind ``http://``, ``s3://`` or any other address that fsspec knows.

    A member is fetched whole, by its range of bytes, and checked against its hash. A failed request
    or a wrong reply is tried again, after a longer and longer wait. The connections are those of
    the process that asks: a forked one opens its own.

    Args:
        root: The address of the folder.
        cache: Where fetched members are kept; None for nowhere.
        options: The options of fsspec's file system.
        attempts: How often a member is asked for.

    Raises:
        ImportError: A package for the address is not installed.
        InputError: fsspec knows no such address.
    """

    def __init__(
        self,
        root: str,
        cache: DiskCache | None = None,
        options: dict | None = None,
        attempts: int = 5,
    ) -> None:
        self.root = root.rstrip('/')
        self._cache = cache
        self._attempts = attempts
        self._last: tuple[bytes, bytes] = b'', b''  # the hash and bytes of the member fetched last
        self._options = {**_defaults(root), **(options or {})}

    def read_index(self, name: str) -> BinaryIO:
        """Return the index in memory; see :meth:`Shards.read_index`."""
        url = f'{self.root}/{name}'
        try:
            # Its first bytes tell whether the server knows ranges.
            self._try(partial(self._range, name, 0, len(_MAGIC)))
            return io.BytesIO(self._try(lambda: self._ask(name)))
        except FileNotFoundError:
            raise FileNotFoundError(
                f'no index of shards at {url}: set `data_root` to the address of the folder that '
                '`vsslbox shards` made'
            ) from None
        except (ImportError, InputError):
            raise
        except Exception as error:
            raise InputError(f'{url} cannot be read: {_reason(error)}') from error

    def check(self, sizes: dict[str, int]) -> None:
        """Check nothing: asking for each shard would take long."""

    def open(self, member: ShardMember) -> SourceFile:
        """Open a member in the cache or in memory; see :meth:`VideoSource.open`."""
        if self._last[0] != member.content:
            kept = self._cache and self._cache.open(member.content, member.size, member.path)
            if kept:
                return kept
            refuse_bytes(member.path, 'it', member.size)
            self._last = b'', b''  # frees its memory
            self._last = member.content, self._fetch(member)
            if self._cache:
                self._cache.add(*self._last)
        file = io.BytesIO(self._last[1])
        file.name = member.path
        return file

    def _fetch(self, member: ShardMember) -> bytes:
        """Return the bytes of a member, checked."""
        what = f'member {member.member} of {self.root}/{member.shard}'
        try:
            return self._try(partial(self._checked, member))
        except (ImportError, InputError):
            raise
        except Exception as error:
            raise VideoError(member.path, f'{what} cannot be read: {_reason(error)}') from error

    def _checked(self, member: ShardMember) -> bytes:
        data = self._range(member.shard, member.offset, member.offset + member.size)
        found = hashlib.sha256(data).hexdigest()
        if found != member.content.hex():
            raise _BadReplyError(
                f'its sha256 is {found}, but {member.content.hex()} in the index: it is damaged, '
                'or of another packing'
            )
        return data

    def _range(self, name: str, start: int, end: int) -> bytes:
        """Return a range of bytes of a file."""
        if start == end:
            return b''
        data = self._ask(name, start=start, end=end)
        if len(data) > end - start:
            raise InputError(
                f'{self.root}/{name}: the server sends the whole file when it is asked for a '
                'range: use one that knows ranges, or copy the shards to a disk'
            )
        if len(data) < end - start:
            raise _BadReplyError(f'{len(data)} bytes came instead of {end - start}')
        return data

    def _ask(self, name: str, **limits: int) -> bytes:
        import fsspec

        # fsspec keeps one file system for each process.
        system, path = fsspec.core.url_to_fs(f'{self.root}/{name}', **self._options)
        return system.cat_file(path, **limits)

    def _try(self, ask: Callable[[], bytes]) -> bytes:
        """Ask until an attempt succeeds."""
        end = time.monotonic() + FILE_SECONDS.value / 2  # before the worker counts as stuck
        for number in range(self._attempts):
            try:
                return ask()
            except Exception as error:
                wait = _FIRST_WAIT * 2**number
                is_last = number == self._attempts - 1 or time.monotonic() + wait > end
                if is_last or _is_final(error):
                    raise
            time.sleep(wait)
        raise AssertionError('the last attempt returns or raises')


def _defaults(root: str) -> dict[str, Any]:
    """Return the options that an address needs, if the packages for it are installed."""
    fsspec = optional_module('fsspec', 'remote')
    protocol = root.rpartition('::')[2].partition('://')[0]
    try:
        fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        raise ImportError(
            f"{root} needs a package: pip install 'vsslbox[remote]' ({error})"
        ) from None
    except ValueError as error:
        raise InputError(f'`data_root` is {root}: {error}') from None
    if protocol not in ('http', 'https'):
        return {}
    from aiohttp import ClientTimeout

    return dict(
        client_kwargs=dict(timeout=ClientTimeout(sock_connect=_SILENCE, sock_read=_SILENCE))
    )


def _is_final(error: Exception) -> bool:
    """Return whether another attempt would fail alike."""
    if isinstance(error, FileNotFoundError | ImportError | InputError | PermissionError):
        return True
    status = getattr(error, 'status', None)  # of a reply by HTTP
    return status in range(400, 500) and status not in _TEMPORARY


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return 'there is no such file'
    return (
        f'{type(error).__name__}: {error}' if not isinstance(error, _BadReplyError) else str(error)
    )
