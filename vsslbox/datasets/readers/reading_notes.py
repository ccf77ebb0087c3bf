"""Notes of what each worker of a data loader is reading, which survive the worker."""

import ctypes
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.sharedctypes import RawArray

from mmengine.logging import print_log

from vsslbox.datasets.readers.base_reader import VideoError
from vsslbox.datasets.readers.limits import FILE_SECONDS

__all__ = ['ReadingNotes', 'finish_reading', 'start_reading']

MAX_DEATHS = 2  # of workers, after which a video counts as unreadable


class _Note(ctypes.Structure):
    """What one worker is reading; ``since`` is 0 between two videos."""

    _fields_ = (('pid', ctypes.c_int), ('since', ctypes.c_double), ('path', ctypes.c_char * 4097))


class ReadingNotes:
    """One note for each worker, in memory that they share with the main process.

    A decoder that crashes or hangs takes its worker with it; the note tells at which video. A video
    that ends ``MAX_DEATHS`` workers counts as unreadable from then on.

    Args:
        num_workers: The number of workers.
    """

    def __init__(self, num_workers: int) -> None:
        self._notes = RawArray(_Note, num_workers)
        self._deaths: Counter[str] = Counter()

    def open(self, worker_id: int) -> None:
        """Make this process the worker of a number."""
        global _own, _refused
        _own = self._notes[worker_id]
        _own.since, _own.pid = 0, os.getpid()
        _refused = self._refused()

    def take_from_dead(self) -> tuple[list[str], list[str]]:
        """Return the videos that dead workers were reading, and those refused from now on.

        All notes are cleared: the other workers are about to be replaced, too.
        """
        alive = {worker.pid for worker in multiprocessing.active_children()}
        before = self._refused()
        read = [os.fsdecode(n.path) for n in self._notes if n.since and n.pid not in alive]
        for note in self._notes:
            note.since = 0
        self._deaths.update(read)
        return read, sorted(self._refused() - before)

    def watch(self, batches: Iterator) -> Iterator:
        """Yield the batches of workers; kill workers that read one video longer than allowed."""
        done = threading.Event()
        limit = FILE_SECONDS.value

        def kill_stuck() -> None:
            while not done.wait(min(limit / 4, 5)):
                for note in self._notes:
                    since = note.since  # once: the worker may finish the video meanwhile
                    if since and time.monotonic() - since > limit:
                        self._kill(note, limit)

        thread = threading.Thread(target=kill_stuck, daemon=True)
        thread.start()
        try:
            yield from batches
        finally:
            done.set()
            thread.join()

    def _refused(self) -> set[str]:
        return {path for path, deaths in self._deaths.items() if deaths >= MAX_DEATHS}

    @staticmethod
    def _kill(note: _Note, limit: int) -> None:
        if note.pid not in {worker.pid for worker in multiprocessing.active_children()}:
            return
        message = (
            f'{os.fsdecode(note.path)} has been read for more than {limit} s: its worker is '
            f'killed; {FILE_SECONDS.variable} raises this limit'
        )
        print_log(message, 'current', logging.WARNING)
        os.kill(note.pid, signal.SIGKILL)


_own: _Note | None = None  # the note of this process, if it is a worker
_refused: set[str] = set()


def start_reading(path: str) -> None:
    """Note that this worker reads a video.

    Raises:
        VideoError: Workers died or hung while they read it.
    """
    if path in _refused:
        raise VideoError(path, f'{MAX_DEATHS} workers died or hung while they read it')
    if _own is not None:
        _own.path = os.fsencode(path)[:4096]
        _own.since = time.monotonic()


def finish_reading() -> None:
    """Note that this worker has decoded what it needs."""
    if _own is not None:
        _own.since = 0
