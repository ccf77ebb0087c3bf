"""Batches of a data loader that survive the death of its workers."""

import logging
import signal
import threading
from collections.abc import Iterator
from typing import Any

from mmengine.logging import print_log
from torch.utils.data import DataLoader

from vsslbox.compat import stop_workers, tells_of_dead_worker
from vsslbox.errors import VSSLBoxError

__all__ = ['WorkersDiedError', 'steady_batches']

MAX_DEATHS = 3  # in a row, without a batch in between

_raises = signal.SIG_DFL  # torch's handler, once there is one


class WorkersDiedError(VSSLBoxError, RuntimeError):
    """The workers of a data loader die again and again."""


def steady_batches(loader: DataLoader, start: int = 0) -> Iterator[tuple[int, Any]]:
    """Iterate over an epoch of a loader; when a worker dies, continue with new ones.

    A worker dies when the system kills it because memory ran out, or when a decoder crashes.
    Samples depend on their keys alone, so the lost batches are made again exactly as they were.

    Args:
        loader: A loader with :class:`EpochSampler`.
        start: The number of batches to skip.

    Yields:
        Pairs of a batch's number and the batch.

    Raises:
        WorkersDiedError: Workers died ``MAX_DEATHS`` times without a batch in between.
    """
    deaths = 0
    while start < len(loader):
        if start:
            loader.sampler.set_start(start * loader.batch_size)
        try:
            for batch in _listen_when_waiting(iter(loader)):
                yield start, batch
                start, deaths = start + 1, 0
            return
        except (RuntimeError, ConnectionError, EOFError) as error:
            if not tells_of_dead_worker(error):
                raise
            deaths += 1
            if deaths == MAX_DEATHS:
                raise WorkersDiedError(
                    f'the workers that load batch {start} of {len(loader)} died {deaths} times in '
                    f'a row ({error}). If memory ran out, lower num_workers or batch_size of the '
                    'data loader; continue from the last checkpoint with --resume'
                ) from None
            message = f'{error}; batch {start} is loaded again by new workers'
            print_log(message, 'current', logging.WARNING)
            stop_workers(loader)


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
