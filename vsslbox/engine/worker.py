"""Setting up a worker of a data loader before its first sample."""

import ctypes
from collections.abc import Callable

from vsslbox.engine.stop_signals import ignore_stop_signals

__all__ = ['keep_freed_memory', 'start_worker']

# Parameters of glibc's mallopt.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_MOST = 32 * 2**20  # older versions refuse a larger M_MMAP_THRESHOLD


def start_worker(init_fn: Callable[[int], None] | None, worker_id: int) -> None:
    """Prepare a worker, then call the function that the config or mmengine gives for it."""
    ignore_stop_signals()
    keep_freed_memory()
    if init_fn is not None:
        init_fn(worker_id)


def keep_freed_memory(num_bytes: int = 512 * 2**20) -> None:
    """Make this process keep up to ``num_bytes`` of freed memory, if the C library is glibc.

    Otherwise every frame's memory is returned to the system, then requested and cleared again for
    the next frame, which costs as much as augmenting it.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)
    if mallopt is not None and mallopt(_M_MMAP_THRESHOLD, min(num_bytes, _MOST)):
        mallopt(_M_TRIM_THRESHOLD, num_bytes)
