"""The setup of workers before their first sample."""

import ctypes
import multiprocessing
import os
from pathlib import Path

import pytest
from torch.utils.data import Dataset

from vsslbox.engine.runner import SSLRunner
from vsslbox.engine.worker import keep_freed_memory

SIZE = 24 * 2**20
M_MMAP_THRESHOLD, M_TRIM_THRESHOLD = -3, -1


def resident():
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE')


def held_after_freeing(keep):
    for parameter in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD):  # glibc raises them as a program runs
        ctypes.CDLL(None).mallopt(parameter, 128 * 1024)
    if keep:
        keep_freed_memory()
    before = resident()
    block = bytearray(SIZE)
    block[:: os.sysconf('SC_PAGE_SIZE')] = bytes(len(block[:: os.sysconf('SC_PAGE_SIZE')]))
    del block
    return resident() - before


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), 'mallopt'), reason='the C library is not glibc')
def test_freed_memory_stays_with_the_process():
    new_process = multiprocessing.get_context('spawn')  # a fork inherits holes that fit the block
    with new_process.Pool(1) as pool:
        assert pool.apply(held_after_freeing, (False,)) < SIZE / 4
    with new_process.Pool(1) as pool:
        assert pool.apply(held_after_freeing, (True,)) > SIZE * 3 / 4


class Environment(Dataset):
    """Samples hold a variable of the worker's environment."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return os.environ.get('STARTED_AS', '')


def note_start(worker_id):
    os.environ['STARTED_AS'] = f'worker {worker_id}'


@pytest.mark.parametrize(
    ('init_fn', 'expected'),
    [({}, ['', '']), (dict(worker_init_fn=dict(type=note_start)), ['worker 0', 'worker 1'])],
)
def test_the_configs_own_function_is_called_too(init_fn, expected):
    loader = SSLRunner.build_dataloader(
        dict(
            dataset=Environment(),
            sampler=dict(type='DefaultSampler', shuffle=False),
            batch_size=1,
            num_workers=2,
            **init_fn,
        )
    )
    assert [batch for (batch,) in loader] == expected
