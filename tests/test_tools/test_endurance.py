"""What a training holds is told apart from what the allocator keeps, and a slope is found."""

import ctypes

import numpy as np
import pytest
import torch

from tests.tools import imported_tool

HAS_MALLINFO2 = hasattr(ctypes.CDLL(None), 'mallinfo2')


@pytest.mark.skipif(not HAS_MALLINFO2, reason='needs mallinfo2 of glibc 2.33')
def test_held_memory_follows_what_is_allocated(tmp_path):
    with imported_tool('benchmark/held_memory.py') as tool:
        hook = tool.HeldMemoryHook(str(tmp_path / 'held'))

        def held():
            hook.after_train_iter(None, batch_idx=0)
            return int((tmp_path / 'held').read_text()) / 2**20

        before = held()
        tensors = [torch.ones(2**18) for _ in range(32)]  # 1 MiB each
        assert held() - before == pytest.approx(32, abs=0.5)
        del tensors
        assert held() == pytest.approx(before, abs=0.5)


def test_slope_of_a_leak_within_noise():
    minutes = np.arange(0, 60, 1 / 6)
    noise = np.random.default_rng(0).normal(0, 20, len(minutes))
    with imported_tool('benchmark/endurance.py') as tool:
        leak = tool.slope_per_hour(minutes, 500 + 90 * minutes / 60 + noise)
        flat = tool.slope_per_hour(minutes, 500 + noise)
    assert leak['low'] < 90 < leak['high'] and leak['low'] > 60
    assert flat['low'] < 0 < flat['high']
    assert leak['slope'] - flat['slope'] == pytest.approx(90)
