"""Downloads from a slow, broken or lying server end with the right file or with none."""

import hashlib
import importlib.util
import os
import re
import resource
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from vsslbox.apis.command_line import run_command
from vsslbox.checkpoints import zoo
from vsslbox.checkpoints.download import ATTEMPTS, DownloadError, download

CONTENT = bytes(range(256)) * 1200
OTHER = CONTENT[::-1]
SHA256 = hashlib.sha256(CONTENT).hexdigest()
RANGE = re.compile(r'bytes=(\d+)-')


class Handler(BaseHTTPRequestHandler):
    """Answers as the server is told to, one behaviour for each request; the last one stays."""

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, dict(self.headers)))
        behaviours = server.behaviours
        behaviour = dict(behaviours.pop(0) if len(behaviours) > 1 else behaviours[0])
        status = behaviour.pop('status', 200)
        headers = behaviour.pop('headers', None)
        if headers is not None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(CONTENT[:100])
        elif status != 200:
            self.send_error(status)
        else:
            self.answer(**behaviour)

    def answer(
        self,
        content=CONTENT,
        etag='"one"',
        modified=None,
        ranges=True,
        heeds_if_range=True,
        stop=None,
        length=None,
        stall=0.0,
        pieces=1,
    ):
        start = self.asked_start(etag or modified, heeds_if_range) if ranges else 0
        if start >= len(content) > 0:
            self.send_response(416)
            self.send_header('Content-Range', f'bytes */{len(content)}')
            self.send_header('ETag', etag)
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            last = len(content) - 1
            self.send_header('Content-Range', f'bytes {start}-{last}/{len(content)}')
        body = content[start:]
        announced = len(body) if length is None else length
        if announced != 'none':
            self.send_header('Content-Length', str(announced))
        for name, value in (('ETag', etag), ('Last-Modified', modified)):
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        body = body[:stop]
        for index in range(pieces):
            self.wfile.write(body[len(body) * index // pieces : len(body) * (index + 1) // pieces])
            self.wfile.flush()
            time.sleep(stall)

    def asked_start(self, version, heeds_if_range):
        asked = RANGE.fullmatch(self.headers.get('Range', ''))
        changed = heeds_if_range and self.headers.get('If-Range') not in (None, version)
        return int(asked[1]) if asked and not changed else 0

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    server.daemon_threads = True
    server.requests = []
    server.behaviours = [{}]
    server.url = f'http://127.0.0.1:{server.server_port}/weights.pth'
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith('_proxy')]:
        monkeypatch.delenv(name)


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / 'cache' / 'weights.pth'


def fetch(server, path, *behaviours, **options):
    server.behaviours = list(behaviours)
    download(server.url, path, **{'timeout': 5, 'pause': 0.001, **options})


def ranges(server) -> list:
    return [headers.get('Range') for _, headers in server.requests]


def assert_right_and_alone(path):
    assert path.read_bytes() == CONTENT
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_is_fetched(server, path, capsys):
    fetch(server, path, {}, size=len(CONTENT), sha256=SHA256)
    assert_right_and_alone(path)
    assert ranges(server) == [None]
    assert 'weights.pth: 0.3 of 0.3 MB' in capsys.readouterr().err


def test_a_slow_transfer_completes(server, path):
    fetch(server, path, dict(pieces=6, stall=0.1), timeout=0.5)
    assert_right_and_alone(path)
    assert ranges(server) == [None]


@pytest.mark.parametrize(
    'version', [dict(etag='"one"'), dict(etag=None, modified='Mon, 01 Feb 2021 00:00:00 GMT')]
)
def test_an_interrupted_transfer_resumes(server, path, version):
    # More often than ATTEMPTS, which limits only those without progress.
    breaks = [dict(version, stop=30_000) for _ in range(ATTEMPTS + 3)]
    fetch(server, path, *breaks, version, sha256=SHA256)
    assert_right_and_alone(path)
    assert ranges(server) == [None, *(f'bytes={30_000 * n}-' for n in range(1, ATTEMPTS + 4))]
    assert {headers['If-Range'] for _, headers in server.requests[1:]} == set(version.values()) - {
        None
    }


def test_a_hanging_connection_is_closed_and_the_transfer_resumes(server, path):
    fetch(server, path, dict(stop=100_000, stall=0.6), {}, timeout=0.2, sha256=SHA256)
    assert_right_and_alone(path)
    assert ranges(server) == [None, 'bytes=100000-']


def test_a_later_process_resumes(server, path):
    with pytest.raises(DownloadError, match=r'broke off after 100000 of 307200 bytes'):
        # The attempts after the first receive nothing.
        fetch(server, path, dict(stop=100_000), dict(stop=0))
    assert not path.exists()
    assert len(server.requests) == ATTEMPTS + 1
    fetch(server, path, {}, sha256=SHA256)
    assert_right_and_alone(path)
    assert ranges(server)[-1] == 'bytes=100000-'


@pytest.mark.parametrize(
    'incapable', [dict(ranges=False), dict(etag=None), dict(etag='W/"weak"')], ids=str
)
def test_the_transfer_starts_again_if_the_server_cannot_resume(server, path, incapable):
    fetch(server, path, dict(incapable, stop=100_000), incapable, sha256=SHA256)
    assert_right_and_alone(path)
    assert len(server.requests) == 2


def test_a_transfer_without_progress_fails(server, path):
    with pytest.raises(DownloadError, match=r'could not be fetched: .* broke off after 100000 of'):
        fetch(server, path, dict(ranges=False, stop=100_000))
    assert len(server.requests) == ATTEMPTS + 1  # the first one made progress
    assert not path.exists()


@pytest.mark.parametrize('heeds_if_range', [True, False])
@pytest.mark.parametrize('sha256', [None, SHA256])
def test_a_file_that_changes_meanwhile_is_not_mixed(server, path, heeds_if_range, sha256):
    before = dict(content=OTHER, etag='"old"', stop=100_000)
    fetch(server, path, before, dict(heeds_if_range=heeds_if_range), sha256=sha256)
    assert_right_and_alone(path)


def test_a_file_that_became_shorter_is_fetched_again(server, path):
    before = dict(content=CONTENT * 2, stop=len(CONTENT) + 1)
    fetch(server, path, before, dict(heeds_if_range=False), sha256=SHA256)
    assert_right_and_alone(path)
    assert ranges(server) == [None, f'bytes={len(CONTENT) + 1}-', None]


def killed_before_the_rename(server, path, monkeypatch, **behaviour):
    """Receive the whole file, but do not rename it."""
    with monkeypatch.context() as patch:
        patch.setattr('vsslbox.checkpoints.download._PartFile.finish', lambda part: sys.exit())
        with pytest.raises(SystemExit):
            fetch(server, path, behaviour)
    server.requests.clear()


def test_a_whole_part_is_not_fetched_again(server, path, monkeypatch):
    killed_before_the_rename(server, path, monkeypatch)
    fetch(server, path, {}, size=len(CONTENT), sha256=SHA256)
    assert_right_and_alone(path)
    assert ranges(server) == [f'bytes={len(CONTENT)}-']


@pytest.mark.parametrize('heeds_if_range', [True, False])
def test_a_whole_part_of_another_version_is_fetched_again(
    server, path, monkeypatch, heeds_if_range
):
    killed_before_the_rename(server, path, monkeypatch, content=OTHER, etag='"old"')
    fetch(server, path, dict(heeds_if_range=heeds_if_range))
    assert_right_and_alone(path)


def test_a_whole_part_of_a_wrong_length_is_refused(server, path, monkeypatch):
    killed_before_the_rename(server, path, monkeypatch)
    with pytest.raises(DownloadError, match=rf'has {len(CONTENT)} bytes, not the expected 5'):
        fetch(server, path, {}, size=5)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize('announced', [len(CONTENT) + 1000, len(CONTENT) - 1000])
def test_a_wrong_length_is_refused_before_the_transfer(server, path, announced):
    message = rf'has {announced} bytes, not the expected {len(CONTENT)}'
    with pytest.raises(DownloadError, match=message):
        fetch(server, path, dict(length=announced), size=len(CONTENT))
    assert len(server.requests) == 1
    assert list(path.parent.iterdir()) == []


def test_too_large_a_length_is_noticed_without_the_right_one(server, path):
    with pytest.raises(DownloadError, match=r'broke off after 307200 of 308200 bytes'):
        fetch(server, path, dict(length=len(CONTENT) + 1000, ranges=False))
    assert not path.exists()


def test_too_small_a_length_is_noticed_by_the_hash(server, path):
    with pytest.raises(DownloadError, match=r'is not the right file: its SHA-256 is'):
        fetch(server, path, dict(length=len(CONTENT) - 1000), sha256=SHA256)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize('length', ['none', 'many', '-5'])
def test_a_file_without_a_length_needs_a_known_one(server, path, length):
    with pytest.raises(DownloadError, match='is sent without its length'):
        fetch(server, path, dict(length=length))
    fetch(server, path, dict(length=length, stop=5), dict(length=length), size=len(CONTENT))
    assert_right_and_alone(path)


def test_a_file_that_never_ends_is_cut_off(server, path):
    with pytest.raises(DownloadError, match='has more than the expected 307200 bytes'):
        fetch(server, path, dict(content=CONTENT * 9, length='none'), size=len(CONTENT))
    assert list(path.parent.iterdir()) == []


def test_a_page_is_refused_and_keeps_the_bytes_received_before(server, path):
    page = dict(headers={'Content-Type': 'text/html; charset=utf-8', 'Content-Length': '100'})
    with pytest.raises(DownloadError, match=r'weights\.pth is a page, not a file: does something'):
        fetch(server, path, dict(stop=100_000), page)
    assert not path.exists()
    fetch(server, path, {}, sha256=SHA256)
    assert_right_and_alone(path)
    assert ranges(server)[-1] == 'bytes=100000-'


def test_an_empty_file_is_refused(server, path):
    with pytest.raises(DownloadError, match=r'weights\.pth is empty'):
        fetch(server, path, dict(content=b''))
    assert list(path.parent.glob('*.pth')) == []


def test_an_unrequested_range_is_not_the_whole_file(server, path):
    part = {'Content-Range': f'bytes 0-99/{len(CONTENT)}', 'Content-Length': '100'}
    fetch(server, path, dict(status=206, headers=part), {})
    assert_right_and_alone(path)


def test_nothing_to_resume_is_not_the_whole_file(server, path):
    with pytest.raises(DownloadError, match='the server answers 416'):
        fetch(server, path, dict(status=416, headers={'Content-Range': 'bytes */0'}))
    assert not path.exists()


def test_a_transfer_resumes_behind_a_redirect(server, path):
    there = dict(status=302, headers={'Location': '/moved/weights.pth'})
    fetch(server, path, there, dict(stop=100_000), there, {}, sha256=SHA256)
    assert_right_and_alone(path)
    assert ranges(server) == [None, None, 'bytes=100000-', 'bytes=100000-']
    assert server.requests[-1][0] == '/moved/weights.pth'


def test_a_write_error_is_reported_and_the_transfer_resumes_later(server, path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))  # has the effect of a full disk
    try:
        with pytest.raises(DownloadError, match=r'pth\.part cannot be written: .*too large'):
            fetch(server, path, {})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not path.exists()
    fetch(server, path, {}, sha256=SHA256)
    assert_right_and_alone(path)
    assert ranges(server) == [None, 'bytes=100000-']


def test_wrong_bytes_are_refused_and_not_kept(server, path):
    with pytest.raises(DownloadError, match=f'is not the right file: .* not {SHA256}. Was it'):
        fetch(server, path, dict(content=OTHER), sha256=SHA256, size=len(CONTENT))
    assert list(path.parent.iterdir()) == []
    fetch(server, path, {}, sha256=SHA256)
    assert_right_and_alone(path)


def test_what_was_there_before_stays_when_the_new_file_is_wrong(server, path):
    path.parent.mkdir()
    path.write_bytes(b'before')
    with pytest.raises(DownloadError):
        fetch(server, path, dict(content=OTHER), sha256=SHA256)
    assert path.read_bytes() == b'before'


@pytest.mark.parametrize('status', [403, 404, 410])
def test_an_absent_file_is_reported_at_once(server, path, status):
    with pytest.raises(DownloadError, match=rf'weights\.pth: the server answers {status} '):
        fetch(server, path, dict(status=status))
    assert len(server.requests) == 1
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize('status', [429, 500, 503])
def test_a_temporary_error_of_the_server_is_retried(server, path, status):
    fetch(server, path, dict(status=status), dict(status=status), {}, sha256=SHA256)
    assert_right_and_alone(path)
    assert len(server.requests) == 3


def test_a_permanent_error_of_the_server_is_reported(server, path):
    with pytest.raises(DownloadError, match=r'could not be fetched: .* the server answers 503'):
        fetch(server, path, dict(status=503))
    assert len(server.requests) == ATTEMPTS


def test_an_absent_server_is_reported(server, path):
    with pytest.raises(DownloadError, match=r'127\.0\.0\.1:9/x could not be fetched: .*refused'):
        download('http://127.0.0.1:9/x', path, pause=0.001)


def test_the_proxy_of_the_environment_is_used(server, path, monkeypatch):
    monkeypatch.setenv('http_proxy', f'http://127.0.0.1:{server.server_port}')
    download('http://publisher.invalid/a/weights.pth', path, sha256=SHA256)
    assert_right_and_alone(path)
    assert server.requests[0][0] == 'http://publisher.invalid/a/weights.pth'


def test_a_local_file_is_copied(tmp_path, path):
    source = tmp_path / 'with space.pth'
    source.write_bytes(CONTENT)
    download(source.as_uri(), path, sha256=SHA256)
    assert_right_and_alone(path)
    with pytest.raises(DownloadError, match=r'absent\.pth: .*No such file'):
        download((tmp_path / 'absent.pth').as_uri(), path)


# What a server may do to the tool, and whether the tool gets the file.
HOSTILE = {
    'slow': ([dict(pieces=4, stall=0.05)], True),
    'breaks off': ([dict(stop=1000), dict(stop=5000), {}], True),
    'breaks off and cannot continue': ([dict(stop=1000, ranges=False), dict(ranges=False)], True),
    'always breaks off': ([dict(stop=1000, ranges=False)], False),
    'changes the file': ([dict(content=OTHER, etag='"old"', stop=1000), {}], True),
    'announces too much': ([dict(length=len(CONTENT) + 1)], True),  # by its hash
    'announces too much again': ([dict(length=len(CONTENT) + 1, ranges=False)], False),
    'announces too little': ([dict(length=len(CONTENT) - 1)], False),
    'announces nothing': ([dict(length='none')], False),
    'sends wrong bytes': ([dict(content=OTHER)], False),
    'sends a login page': ([dict(content=b'<html>')], False),
    'has no such file': ([dict(status=404)], False),
    'is in trouble for a while': ([dict(status=500), dict(status=503), {}], True),
    'is in trouble': ([dict(status=500)], False),
}


@pytest.mark.parametrize('case', HOSTILE)
def test_the_tool_ends_with_the_file_or_a_message(server, tmp_path, monkeypatch, capsys, case):
    server.behaviours, succeeds = list(HOSTILE[case][0]), HOSTILE[case][1]
    entry = zoo.ZooEntry('weights', server.url, 'a licence', 'a toy', sha256=SHA256)
    monkeypatch.setattr(zoo, 'zoo_entries', lambda: {'weights': entry})
    monkeypatch.setattr(time, 'sleep', lambda seconds, sleep=time.sleep: sleep(min(seconds, 0.05)))
    monkeypatch.setenv('VSSLBOX_CACHE', str(tmp_path))
    monkeypatch.delenv('VSSLBOX_ZOO_MIRROR', raising=False)
    monkeypatch.setattr(sys, 'argv', ['download.py', 'weights'])
    path = Path(__file__).resolve().parents[2] / 'tools' / 'download.py'
    spec = importlib.util.spec_from_file_location('download_tool', path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    if succeeds:
        run_command(tool.main)
        assert (tmp_path / 'weights.pth').read_bytes() == CONTENT
        assert capsys.readouterr().out == f'{tmp_path}/weights.pth\n'
    else:
        with pytest.raises(SystemExit):
            run_command(tool.main)
        assert f'error: {server.url}' in capsys.readouterr().err
        assert not (tmp_path / 'weights.pth').exists()
