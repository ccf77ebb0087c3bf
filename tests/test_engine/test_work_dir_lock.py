"""A work directory belongs to one training at a time."""

import errno
import json
import os
import signal
import socket
import threading
import time

import pytest

from tests.distributed import FORKS
from tests.test_engine.test_training import config
from vsslbox.apis.command_line import build_runner
from vsslbox.engine import work_dir_lock as module
from vsslbox.engine.work_dir_lock import WorkDirInUseError, work_dir_lock


def hold(folder, queue):
    """Take the lock and fork a child that outlives this process, as a worker does."""
    os.setsid()
    with work_dir_lock(folder):
        if os.fork():
            queue.put('held')
        time.sleep(60)


@pytest.fixture
def holder(tmp_path):
    queue = FORKS.SimpleQueue()
    process = FORKS.Process(target=hold, args=(str(tmp_path), queue))
    process.start()
    assert queue.get() == 'held'
    yield process
    os.killpg(process.pid, signal.SIGKILL)
    process.join()


def left_behind(tmp_path, pid, host):
    record = dict(pid=pid, host=host, since='2026-01-01 00:00:00')
    (tmp_path / 'training.lock').write_text(json.dumps(record))


def test_a_second_training_is_refused_until_the_first_is_killed(tmp_path, holder):
    named = f'process {holder.pid} on {socket.gethostname()} has trained in .*training.lock'
    with pytest.raises(WorkDirInUseError, match=named):
        build_runner(config(tmp_path)).train()
    assert not list(tmp_path.glob('*.pth')) + list(tmp_path.glob('*.py'))  # nor its config
    holder.kill()
    holder.join()
    with work_dir_lock(tmp_path):  # although the child of the killed process lives
        assert json.loads((tmp_path / 'training.lock').read_text())['pid'] == os.getpid()
    assert (tmp_path / 'training.lock').read_text() == ''


def test_two_trainings_of_one_process_are_told_apart(tmp_path):
    with work_dir_lock(tmp_path):
        for _ in range(2):
            with pytest.raises(WorkDirInUseError, match=f'process {os.getpid()} on'):
                work_dir_lock(tmp_path).__enter__()
    with work_dir_lock(tmp_path):
        pass


@pytest.mark.parametrize('content', ['', '{"pid": 12', '[]', '\0\0'])
def test_a_damaged_file_is_free(tmp_path, content):
    (tmp_path / 'training.lock').write_text(content)
    with work_dir_lock(tmp_path):
        pass


@pytest.mark.slow
@pytest.mark.parametrize('lives', [True, False])
def test_a_training_on_another_machine_is_watched(tmp_path, monkeypatch, lives):
    """Where locks do not reach other machines, the file's time tells."""
    monkeypatch.setattr(module, '_BEAT', 0.1)
    monkeypatch.setattr(module, '_WATCH', 1.0)
    left_behind(tmp_path, 7, 'another')
    ended = threading.Event()
    if lives:
        beat = threading.Thread(target=module._beat, args=(tmp_path / 'training.lock', ended))
        beat.start()
        with pytest.raises(WorkDirInUseError, match='process 7 on another'):
            work_dir_lock(tmp_path).__enter__()
        ended.set()
        beat.join()
    else:
        with work_dir_lock(tmp_path):
            pass


def test_the_holder_renews_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(module, '_BEAT', 0.05)
    with work_dir_lock(tmp_path):
        first = (tmp_path / 'training.lock').stat().st_mtime_ns
        deadline = time.monotonic() + 10
        while (tmp_path / 'training.lock').stat().st_mtime_ns == first:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize('pid', [os.getpid(), 2**22 + 1], ids=['running', 'ended'])
def test_a_file_system_without_locks(tmp_path, monkeypatch, pid):
    def refuse(*args):
        raise OSError(errno.ENOLCK, 'No locks available')

    monkeypatch.setattr(module.fcntl, 'flock', refuse)
    left_behind(tmp_path, pid, socket.gethostname())
    if pid == os.getpid():
        with pytest.raises(WorkDirInUseError, match=f'process {pid} on'):
            work_dir_lock(tmp_path).__enter__()
    else:
        with work_dir_lock(tmp_path):
            pass


@pytest.mark.slow
def test_unfinished_files_are_cleared_at_the_start(tmp_path):
    for name in ('epoch_7.pth.unfinished', 'bad_videos.txt.unfinished'):
        (tmp_path / name).write_bytes(b'half')
    (tmp_path / 'mine.txt').write_bytes(b'whole')
    build_runner(config(tmp_path)).train()
    assert not list(tmp_path.glob('*.unfinished'))
    assert (tmp_path / 'mine.txt').read_bytes() == b'whole'
