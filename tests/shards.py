"""Packing of shards, and an HTTP server of files with faults."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.tools import imported_tool, run_main

__all__ = ['FaultyServer', 'pack', 'serve']


def pack(source: Path, folder: Path, *options: object) -> int:
    """Pack a list or folder in this process, and return the exit status of the tool."""
    with imported_tool('data/make_shards.py') as tool, pytest.MonkeyPatch.context() as patch:
        return run_main(tool, patch, source, folder, '--num-workers', 1, *options)


class FaultyServer(ThreadingHTTPServer):
    """A server of the files of a folder, by ranges.

    Attributes:
        address: Its address.
        asked: The name and range of each request.
        failures: How many of the next requests are refused with the status 503.
        faults: What happens to a reply, by the name of the file: ``cut``, ``whole`` (ranges are
            ignored) or ``changed`` (a byte of it).
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(('127.0.0.1', 0), _Handler)
        self.folder = folder
        self.address = f'http://127.0.0.1:{self.server_port}'
        self.asked: list[tuple[str, str | None]] = []
        self.failures = 0
        self.faults: dict[str, str] = {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self) -> None:
        name, limits = self.path.strip('/'), self.headers.get('Range')
        self.server.asked.append((name, limits))
        path = self.server.folder / name
        fault = self.server.faults.get(name)
        if self.server.failures:
            self.server.failures -= 1
            self.reply(503, b'')
        elif not path.is_file():
            self.reply(404, b'')
        elif limits is None or fault == 'whole':
            self.reply(200, path.read_bytes())
        else:
            start, end = map(int, re.fullmatch(r'bytes=(\d+)-(\d+)', limits).groups())
            content = bytearray(path.read_bytes()[start : end + 1])
            if fault == 'changed':
                content[-1] ^= 1
            self.reply(206, bytes(content), cut=fault == 'cut')

    def reply(self, status: int, content: bytes, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        self.close_connection = cut

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[FaultyServer]:
    """Serve the files of a folder while the block runs."""
    server = FaultyServer(folder)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
