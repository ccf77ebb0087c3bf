"""One training in a work directory at a time."""

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO

from mmengine.logging import print_log

from vsslbox.errors import VSSLBoxError

__all__ = ['WorkDirInUseError', 'work_dir_lock']

_BEAT = 15.0  # seconds between two signs of life of the training that holds the lock
_WATCH = 3 * _BEAT  # how long another machine's training is watched for one

_held: set[TextIO] = set()


class WorkDirInUseError(VSSLBoxError, RuntimeError):
    """Another training writes to the work directory."""


@contextmanager
def work_dir_lock(work_dir: str | os.PathLike) -> Iterator[None]:
    """Keep other trainings out of a work directory.

    ``training.lock`` there names the process that trains and is empty otherwise. The system frees
    its lock when that process ends, however it ends. Some network file systems do not pass locks on
    to other machines: a file that another machine's process has left is watched for signs of life.

    Raises:
        WorkDirInUseError: Another training runs there.
    """
    path = Path(work_dir) / 'training.lock'
    with open(path, 'a+', encoding='utf-8') as file:
        holder = _read(file)
        if not _take(file, holder) or _lives(path, holder):
            raise WorkDirInUseError(
                f'process {holder.get("pid", "?")} on {holder.get("host", "?")} has trained in '
                f'{work_dir} since {holder.get("since", "?")}: name another --work-dir, or end '
                f'that process first. If there is no such training, delete {path}'
            )
        since = datetime.now().isoformat(' ', 'seconds')
        file.truncate(0)
        json.dump(dict(pid=os.getpid(), host=socket.gethostname(), since=since), file)
        file.flush()
        _held.add(file)
        ended = threading.Event()
        threading.Thread(target=_beat, args=(path, ended), daemon=True).start()
        try:
            yield
        finally:
            ended.set()
            _held.remove(file)
            file.truncate(0)


def _read(file: TextIO) -> dict:
    """Return what the lock's file tells of its holder; nothing if it is empty or damaged."""
    file.seek(0)
    try:
        holder = json.load(file)
    except ValueError:
        return {}
    return holder if isinstance(holder, dict) else {}


def _take(file: TextIO, holder: dict) -> bool:
    """Take the system's lock if no process has it; without locks, go by the process id."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return holder.get('host') != socket.gethostname() or not _exists(holder.get('pid'))
    return True


def _exists(pid: object) -> bool:
    return isinstance(pid, int) and Path(f'/proc/{pid}').exists()


def _lives(path: Path, holder: dict) -> bool:
    """Watch whether a process of another machine renews the file."""
    if holder.get('host') in (None, socket.gethostname()):
        return False
    print_log(
        f'process {holder.get("pid")} on {holder["host"]} trained in {path.parent}: watching for '
        f'{_WATCH:.0f} s whether it still does',
        logger='current',
    )
    first, end = _renewed_at(path), time.monotonic() + _WATCH
    while time.monotonic() < end:
        time.sleep(_BEAT / 5)
        if _renewed_at(path) != first:
            return True
    return False


def _renewed_at(path: Path) -> int:
    with open(path, encoding='utf-8') as file:  # opening makes a network file system look again
        return os.fstat(file.fileno()).st_mtime_ns


def _beat(path: Path, ended: threading.Event) -> None:
    while not ended.wait(_BEAT):
        with suppress(OSError):  # the next one may succeed
            os.utime(path)


def _release_in_child() -> None:
    """Close the files in a forked worker, which would keep the lock after its parent's death."""
    for file in _held:
        file.close()


os.register_at_fork(after_in_child=_release_in_child)
