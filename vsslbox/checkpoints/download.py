"""Download large files over bad connections: resumed, verified, and renamed only when complete."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, build_opener

from vsslbox.errors import VSSLBoxError
from vsslbox.utils import file_sha256

__all__ = ['DownloadError', 'download']

# Consecutive attempts that may bring no new bytes.
ATTEMPTS = 5
# Temporary answers of a server: too slow, too many requests.
_PASSING = (408, 429)
_RANGE_NOT_SATISFIABLE = 416
_PARTIAL_CONTENT = 206
_CONTENT_RANGE = re.compile(r'bytes (?:(\d+)-\d+|\*)/(\d+|\*)')
_BLOCK = 1 << 20


class DownloadError(VSSLBoxError, OSError):
    """A file that cannot be fetched, or that is not the expected one."""


class _BrokenOffError(Exception):
    """A transfer that ended early or did not begin; the next attempt may get further."""


def download(
    url: str,
    path: Path,
    *,
    size: int | None = None,
    sha256: str | None = None,
    timeout: float = 30,
    pause: float = 1,
) -> None:
    """Fetch a file; its path changes only when the right file is complete.

    The bytes received so far are in ``<path>.part``. An interrupted transfer resumes from there,
    also in a later process, if the server can resume and confirms (by ``ETag`` or
    ``Last-Modified``) that the file is still the same; otherwise it starts again. The environment
    sets the proxies (``https_proxy``, ``no_proxy``, ...). Only one process at a time may fetch the
    same file.

    Args:
        url: ``https://``, ``http://`` or ``file://``.
        path: Where the file goes.
        size: Its length in bytes, if known.
        sha256: Its hash, if known. If the server announces too small a length, only ``size`` or
            ``sha256`` shows that the file is cut short.
        timeout: Seconds without a byte after which a connection counts as dead.
        pause: Seconds before the next attempt, doubled after each consecutive one without progress.

    Raises:
        DownloadError: There is no such file, the server does not deliver it in ``ATTEMPTS``
            consecutive attempts without progress, it is not the right file, or it cannot be
            written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _PartFile(path)
    failures = furthest = 0
    while True:
        try:
            _transfer(url, part, size, timeout)
            break
        except _BrokenOffError as error:
            failures = 0 if part.length > furthest else failures + 1
            furthest = max(furthest, part.length)
            if failures == ATTEMPTS:
                raise DownloadError(f'{url} could not be fetched: {error}') from error
            print(f'{error}; trying again', file=sys.stderr)
            time.sleep(pause * 2**failures)
    if sha256 is not None and (found := file_sha256(part.path)) != sha256:
        part.discard()
        raise DownloadError(
            f'{url} is not the right file: its SHA-256 is {found}, not {sha256}. Was it replaced, '
            'or does something on the way (a proxy, a login page) answer instead?'
        )
    part.finish()


class _PartFile:
    """The bytes of a file received so far, and the server's version of the file."""

    def __init__(self, path: Path) -> None:
        self.target = path
        self.path = path.with_name(f'{path.name}.part')
        self.version_path = path.with_name(f'{path.name}.part.version')

    @property
    def length(self) -> int:
        """The number of bytes received so far."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def version(self) -> str | None:
        """The version that the bytes belong to; None if they cannot be used."""
        return self.version_path.read_text('utf-8') if self.version_path.exists() else None

    def discard(self) -> None:
        """Delete the bytes and their version."""
        self.path.unlink(missing_ok=True)
        self.version_path.unlink(missing_ok=True)

    def begin(self, version: str | None) -> None:
        """Start again with a version; without one, the transfer cannot be resumed later."""
        self.discard()
        if version is not None:
            self.version_path.write_text(version, 'utf-8')

    def finish(self) -> None:
        """Rename the complete file to its final name."""
        self.path.replace(self.target)
        self.version_path.unlink(missing_ok=True)


def _transfer(url: str, part: _PartFile, size: int | None, timeout: float) -> None:
    """Fetch the missing bytes in one attempt."""
    if part.version is None:
        part.discard()
    response = _open(url, part, timeout)
    if response is None:
        _refuse_other_length(url, part, part.length, size)
        return
    with response:
        _refuse_page(response)
        start = _begin(response, part)
        announced = _announced_length(response)
        total = size if announced is None else announced
        if total is None:
            raise DownloadError(
                f'{url} is sent without its length, so that an incomplete file would go unnoticed'
            )
        _refuse_other_length(url, part, announced, size)
        if total == 0:
            raise DownloadError(f'{url} is empty')
        try:
            _save(response, part, start, total)
        except OSError as error:  # _blocks reports those of the network
            raise DownloadError(f'{part.path} cannot be written: {_message(error)}') from error
    if part.length > total:
        part.discard()
        raise DownloadError(f'{url} has more than the expected {total} bytes')
    if part.length < total:
        raise _BrokenOffError(f'{url} broke off after {part.length} of {total} bytes')


def _save(response: HTTPResponse, part: _PartFile, start: int, total: int) -> None:
    """Append what the server sends, but stop when it is too much."""
    with open(part.path, 'ab') as file, _Progress(part.target.name, start, total) as progress:
        for block in _blocks(response):
            file.write(block)
            progress.add(len(block))
            if progress.done > total:
                break


def _refuse_page(response: HTTPResponse) -> None:
    """Refuse an HTML page: without a known hash it would pass for the file."""
    if response.headers.get_content_type() == 'text/html':
        raise DownloadError(
            f'{response.url} is a page, not a file: does something on the way (a proxy, a login '
            'page) answer instead?'
        )


def _refuse_other_length(url: str, part: _PartFile, total: int | None, size: int | None) -> None:
    """Refuse a file whose length differs from the known one."""
    if None not in (total, size) and total != size:
        part.discard()
        raise DownloadError(f'{url} has {total} bytes, not the expected {size}')


def _open(url: str, part: _PartFile, timeout: float) -> HTTPResponse | None:
    """Request the file, or the missing bytes of the version begun before; None if none are missing.

    None are missing if a process was killed before it renamed the complete file.
    """
    request = Request(url, headers={'User-Agent': 'vsslbox'})
    version = part.version
    if part.length and version is not None:
        request.add_header('Range', f'bytes={part.length}-')
        request.add_header('If-Range', version)
    try:
        return build_opener().open(request, timeout=timeout)
    except HTTPError as error:
        if error.code == _RANGE_NOT_SATISFIABLE and part.length:
            same = _version(error) in (None, version)
            if same and _content_range(error)[1] == part.length:
                return None
            part.discard()
            raise _BrokenOffError(f'{url} is not longer than the bytes received before') from error
        message = f'{url}: the server answers {error.code} {error.reason}'
        if error.code in _PASSING or error.code >= 500:
            raise _BrokenOffError(message) from error
        raise DownloadError(message) from error
    except URLError as error:
        if url.startswith('file:'):
            raise DownloadError(f'{url}: {error.reason}') from error
        raise _BrokenOffError(f'{url}: {error.reason}') from error
    except (OSError, HTTPException) as error:
        raise _BrokenOffError(f'{url}: {_message(error)}') from error


def _begin(response: HTTPResponse, part: _PartFile) -> int:
    """Prepare for what the server sends: the rest of the version begun before, or a whole file.

    Returns:
        The position of the first byte that the server sends.
    """
    version = _version(response)
    if response.status == _PARTIAL_CONTENT:
        if version not in (None, part.version) or _content_range(response)[0] != part.length:
            part.discard()
            raise _BrokenOffError(f'{response.url} has changed since its transfer began')
        return part.length
    part.begin(version)
    return 0


def _version(response: HTTPResponse | HTTPError) -> str | None:
    """Return what identifies the file to the byte, if the server sends it."""
    tag = response.headers.get('ETag')
    if tag is not None and not tag.startswith('W/'):
        return tag
    return response.headers.get('Last-Modified')


def _announced_length(response: HTTPResponse) -> int | None:
    """Return the length of the whole file, if the server sends it."""
    if response.status == _PARTIAL_CONTENT:
        return _content_range(response)[1]
    length = response.headers.get('Content-Length', '')
    return int(length) if length.isdecimal() else None


def _content_range(response: HTTPResponse | HTTPError) -> tuple[int | None, int | None]:
    """Return the position of the first byte and the whole length; None for what is not sent."""
    found = _CONTENT_RANGE.fullmatch(response.headers.get('Content-Range', ''))
    if not found:
        return None, None
    return int(found[1]) if found[1] else None, None if found[2] == '*' else int(found[2])


def _blocks(response: HTTPResponse) -> Iterator[bytes]:
    """Yield what the server sends, as it arrives."""
    while True:
        try:
            block = response.read1(_BLOCK)
        except (OSError, HTTPException) as error:
            raise _BrokenOffError(f'{response.url} broke off: {_message(error)}') from error
        if not block:
            return
        yield block


def _message(error: Exception) -> str:
    return str(error) or type(error).__name__


class _Progress(AbstractContextManager):
    """Prints progress on standard error: in place on a terminal, otherwise a line every tenth."""

    def __init__(self, name: str, start: int, total: int) -> None:
        self.name = name
        self.start = self.done = start
        self.total = total
        self.began = time.monotonic()
        self.in_place = sys.stderr.isatty()
        self.printed: int | None = None

    def add(self, count: int) -> None:
        """Count received bytes."""
        self.done += count
        step = int(time.monotonic() * 5) if self.in_place else self.done * 10 // self.total
        if step != self.printed:
            self.printed = step
            self._print('\r' if self.in_place else '', '' if self.in_place else '\n')

    def __exit__(self, *_: object) -> None:
        if self.in_place:
            self._print('\r', '\n')

    def _print(self, before: str, after: str) -> None:
        rate = (self.done - self.start) / max(time.monotonic() - self.began, 1e-3)
        left = (self.total - self.done) / max(rate, 1)
        text = (
            f'{self.name}: {self.done / 1e6:.1f} of {self.total / 1e6:.1f} MB, '
            f'{rate / 1e6:.1f} MB/s, {left:.0f} s left'
        )
        print(f'{before}{text:<70}'.rstrip(' ' if after else ''), end=after, file=sys.stderr)
        sys.stderr.flush()
