"""Reading keeps no memory, however many videos a worker reads."""

import ctypes
import gc

import numpy as np
import pytest

from tests.conftest import write_video
from vsslbox.datasets.readers import PyAVReader

FIELDS = ('arena', 'ordblks', 'smblks', 'hblks', 'hblkhd')
FIELDS += ('usmblks', 'fsmblks', 'uordblks', 'fordblks', 'keepcost')


class MallocInfo(ctypes.Structure):
    """What glibc's ``mallinfo2`` returns."""

    _fields_ = [(name, ctypes.c_size_t) for name in FIELDS]


@pytest.fixture
def bytes_in_use():
    """A function that returns the bytes that the process has allocated by ``malloc``."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, 'mallinfo2'):
        pytest.skip('the C library does not tell what is in use (glibc 2.33 or newer does)')
    libc.mallinfo2.restype = MallocInfo

    def measure():
        gc.collect()
        info = libc.mallinfo2()
        return info.uordblks + info.hblkhd

    return measure


@pytest.mark.parametrize('indices', [range(0, 20, 3), [0], range(24)])
def test_a_thousand_reads_keep_nothing(tmp_path, bytes_in_use, indices):
    rng = np.random.default_rng(0)
    path = str(tmp_path / 'video.mp4')
    write_video(path, rng.integers(0, 256, (24, 16, 16, 3), dtype=np.uint8))

    def read(times):
        for _ in range(times):
            reader = PyAVReader(path)
            reader.read(indices)
            reader.close()

    read(100)  # caches fill
    before = bytes_in_use()
    read(1000)
    assert bytes_in_use() - before < 1000 * 50  # bytes; a lost packet has 150
