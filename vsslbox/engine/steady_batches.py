"""Batches of a data loader that survive the death of its workers."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from mmengine.logging import print_log
from torch.utils.data import DataLoader

from vsslbox.compat import stop_workers, tells_of_dead_worker
from vsslbox.datasets.readers import ReadingNotes
from vsslbox.errors import VSSLBoxError

__all__ = ['WorkersDiedError', 'steady_batches']

MAX_DEATHS = 3  # in a row, without a batch in between

_raises = signal.SIG_DFL  # torch's handler, once there is one


class WorkersDiedError(VSSLBoxError, RuntimeError):
    """The workers of a data loader die again and again."""


def steady_batches(loader: DataLoader, start: int = 0, shift: int = 0) -> Iterator[tuple[int, Any]]:
    """Iterate over an epoch of a loader; when a worker dies, continue with new ones.

    A worker dies when the system kills it because memory ran out, or when a decoder crashes; one
    whose decoder hangs is killed. Samples depend on their keys alone, so the lost batches are made
    again exactly as they were, but without a video at which workers died repeatedly.

    Args:
        loader: A loader with :class:`EpochSampler`.
        start: The number of batches to skip.
        shift: How many samples more than these batches hold to skip.

    Yields:
        Pairs of a batch's number and the batch.

    Raises:
        WorkersDiedError: Workers died ``MAX_DEATHS`` times without a batch in between.
    """
    notes = _notes_of(loader)
    deaths = 0
    while start < len(loader):
        if start or shift:
            batch_size = loader.batch_size * loader.sampler.world_size
            loader.sampler.set_start(start * batch_size + shift)
        try:
            for batch in notes.watch(_listen_when_waiting(iter(loader))):
                yield start, batch
                start, deaths = start + 1, 0
            return
        except (RuntimeError, ConnectionError, EOFError) as error:
            if not tells_of_dead_worker(error):
                raise
            videos, refused = notes.take_from_dead()
            cause = f'{error} while it read {", ".join(videos)}' if videos else str(error)
            deaths = 0 if refused else deaths + 1
            if deaths == MAX_DEATHS:
                raise WorkersDiedError(
                    f'the workers that load batch {start} of {len(loader)} died {deaths} times in '
                    f'a row ({cause}). If memory ran out, lower num_workers or batch_size of the '
                    'data loader; continue from the last checkpoint with --resume'
                ) from None
            message = f'{cause}; batch {start} is loaded again by new workers'
            if refused:
                message += f', without {", ".join(refused)}'
            print_log(message, 'current', logging.WARNING)
            stop_workers(loader)


def _notes_of(loader: DataLoader) -> ReadingNotes:
    """Return the notes of a loader's workers, which write them from their start on."""
    if not hasattr(loader, 'reading_notes'):
        loader.reading_notes = ReadingNotes(loader.num_workers)
        start = partial(_start_with_notes, loader.worker_init_fn, loader.reading_notes)
        loader.worker_init_fn = start
    return loader.reading_notes


def _start_with_notes(
    init_fn: Callable[[int], None] | None, notes: ReadingNotes, worker_id: int
) -> None:
    notes.open(worker_id)
    if init_fn is not None:
        init_fn(worker_id)


def _listen_when_waiting(iterator: Iterator) -> Iterator:
    """Raise the error of a dead worker while waiting for a batch, not during a training step.

    torch sets a handler of SIGCHLD once, which raises wherever the program is. Without it torch
    checks its workers every 5 s while it waits.
    """
    if threading.current_thread() is not threading.main_thread():  # only that one gets signals
        yield from iterator
        return
    global _raises
    if signal.getsignal(signal.SIGCHLD) is not signal.SIG_DFL:
        _raises = signal.getsignal(signal.SIGCHLD)
    while True:
        signal.signal(signal.SIGCHLD, _raises)
        try:
            batch = next(iterator)
        except StopIteration:
            return
        finally:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        yield batch
