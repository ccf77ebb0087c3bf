"""Batches of a data loader whose workers may die."""

import logging
import signal
import threading
from collections.abc import Iterator
from typing import Any

from mmengine.logging import print_log
from torch.utils.data import DataLoader

from vsslbox.errors import VSSLBoxError

__all__ = ['WorkersDiedError', 'steady_batches']

# torch's messages; the second when the worker dies while its batch is being pinned.
SIGNS_OF_DEATH = ('DataLoader worker', 'Pin memory thread')
MAX_DEATHS = 3  # in a row, without a batch in between


_raises = signal.SIG_DFL  # torch's handler, once there is one


class WorkersDiedError(VSSLBoxError, RuntimeError):
    """The workers of a data loader die again and again."""


def steady_batches(loader: DataLoader, start: int = 0) -> Iterator[tuple[int, Any]]:
    """Go through an epoch of a loader, and when a worker dies, go on with new ones.

    A worker dies when the system kills it for want of memory, or when a decoder crashes. Samples
    depend on their keys alone, so the batches that are lost with it are made again just as they
    were.

    Args:
        loader: A loader with :class:`EpochSampler`.
        start: How many batches to pass over.

    Yields:
        Pairs of a batch's number and the batch.

    Raises:
        WorkersDiedError: No batch came between several deaths.
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
            if not _tells_of_death(error):
                raise
            deaths += 1
            if deaths == MAX_DEATHS:
                raise WorkersDiedError(
                    f'the workers that load batch {start} of {len(loader)} died {deaths} times in '
                    f'a row ({error}). If memory ran out, lower num_workers or batch_size of the '
                    'data loader; go on from the last checkpoint with --resume'
                ) from None
            message = f'{error}; batch {start} is loaded again by new workers'
            print_log(message, 'current', logging.WARNING)
            _stop_workers(loader)


def _listen_when_waiting(iterator: Iterator) -> Iterator:
    """Let deaths show while waiting for a batch, not in the middle of a training step.

    torch's handler of the signal, which it sets once, raises wherever the program is. Without it
    torch looks after its workers every 5 s while it waits.
    """
    if threading.current_thread() is not threading.main_thread():  # signals go to the main thread
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


def _tells_of_death(error: Exception) -> bool:
    """Whether a worker died, or the connection to it broke, and not the data set failed."""
    message = str(error)
    if isinstance(error, RuntimeError):
        return message.startswith(SIGNS_OF_DEATH)
    return not message.startswith('Caught ')  # what torch puts before an error out of a worker


def _stop_workers(loader: DataLoader) -> None:
    """Forget the workers that a loader keeps from epoch to epoch."""
    if loader._iterator is not None:
        loader._iterator._shutdown_workers()
        loader._iterator = None
