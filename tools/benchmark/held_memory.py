"""How much memory a training holds between two steps, which endurance.py reads."""

import ctypes
import os

from mmengine.hooks import Hook
from mmengine.runner import Runner

from vsslbox.registry import HOOKS

FIELDS = 'arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost'
WIDTH = 20


class _Allocated(ctypes.Structure):
    """The answer of glibc's mallinfo2: ``uordblks`` are the bytes given out, ``hblkhd`` others."""

    _fields_ = [(name, ctypes.c_size_t) for name in FIELDS.split()]


def held_bytes() -> int:
    """Return the memory that this process has allocated and not freed."""
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = _Allocated
    found = mallinfo2()
    return found.uordblks + found.hblkhd


@HOOKS.register_module(force=True)  # the tests import this file more than once
class HeldMemoryHook(Hook):
    """Write the bytes that the process has allocated and not freed, after each step, to a file.

    What the allocator keeps of freed memory for later is resident too, but not counted.

    Args:
        path: The file, which has the figure after the last step alone.
    """

    priority = 'LOWEST'

    def __init__(self, path: str) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT)

    def after_train_iter(self, runner: Runner, *args: object, **kwargs: object) -> None:
        """Write the figure over the last one."""
        os.pwrite(self.file, f'{held_bytes():{WIDTH}}'.encode(), 0)
