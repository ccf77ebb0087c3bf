"""The cache keeps its bound, keeps what is used, and serves several processes."""

import errno
import hashlib
import multiprocessing
import os
import random

import pytest

from vsslbox.datasets.shards import DiskCache, disk_cache
from vsslbox.errors import InputError
from vsslbox.utils import byte_size

FORK = multiprocessing.get_context('fork')  # as the workers of a loader


def content(number, size=1000):
    data = random.Random(number).randbytes(size)
    return hashlib.sha256(data).digest(), data


def held(folder):
    return sum(path.stat().st_size for path in folder.glob('??/*'))


def read(cache, key, size=1000):
    file = cache.open(key, size, 'a.mp4')
    return file and file.read()


def test_the_least_recently_used_goes_first(tmp_path):
    cache = DiskCache(tmp_path, 10_000)
    contents = [content(number) for number in range(12)]
    for number, (key, data) in enumerate(contents[:10]):
        cache.add(key, data)
        os.utime(cache._path(key), (number, number))
    assert read(cache, contents[0][0]) == contents[0][1]  # used now
    cache.add(*contents[10])
    found = [number for number in range(12) if read(cache, contents[number][0])]
    assert found == [0, 3, 4, 5, 6, 7, 8, 9, 10]  # down to nine tenths of the bound
    assert held(tmp_path) == 9000


def test_an_evicted_content_stays_readable_for_who_has_it_open(tmp_path):
    cache = DiskCache(tmp_path, 1500)
    (key, data), other = content(0), content(1)
    cache.add(key, data)
    file = cache.open(key, 1000, 'a.mp4')
    cache.add(*other)
    assert cache.open(key, 1000, 'a.mp4') is None
    assert file.read() == data


def test_a_content_that_is_cut_off_counts_as_missing(tmp_path):
    cache = DiskCache(tmp_path, '1MB')
    key, data = content(0)
    cache.add(key, data)
    cache._path(key).write_bytes(data[:-1])
    assert cache.open(key, 1000, 'a.mp4') is None


def test_what_is_larger_than_the_bound_is_not_kept(tmp_path):
    cache = DiskCache(tmp_path, 1500)
    kept, large = content(0), content(1, 2000)
    cache.add(*kept)
    cache.add(*large)
    assert read(cache, kept[0]) == kept[1] and read(cache, large[0], 2000) is None


def test_a_full_disk_does_not_stop_the_reading(tmp_path, monkeypatch):
    warnings = []
    monkeypatch.setattr(disk_cache, 'warn_once', warnings.append)
    cache = DiskCache(tmp_path, '1MB')

    def full(file):
        raise OSError(errno.ENOSPC, 'No space left on device')

    monkeypatch.setattr(os, 'fsync', full)
    key, data = content(0)
    cache.add(key, data)
    assert read(cache, key) is None
    assert held(tmp_path) == 0
    assert warnings == [f'{tmp_path} cannot keep videos: No space left on device; training goes on']


def test_a_new_process_counts_what_is_there(tmp_path):
    first = DiskCache(tmp_path, 5000)
    for number in range(4):
        first.add(*content(number))
    (tmp_path / 'bytes').write_text('0')  # as a killed process may leave it
    left = tmp_path / 'ab'
    left.mkdir(exist_ok=True)
    (left / f'x.{os.getpid()}.unfinished').write_bytes(b'')
    (left / 'old.1.unfinished').write_bytes(b'')
    os.utime(left / 'old.1.unfinished', (0, 0))
    second = DiskCache(tmp_path, 5000)
    second.add(*content(4))
    second.add(*content(5))
    assert held(tmp_path) <= 5000
    assert (left / f'x.{os.getpid()}.unfinished').exists()
    assert not (left / 'old.1.unfinished').exists()


def use(folder, seed):
    """Read 60 contents at random, and write those that are missing, as a worker does."""
    cache = DiskCache(folder, 8000)
    rng = random.Random(seed)
    for _ in range(60):
        key, data = content(rng.randrange(16))
        found = read(cache, key)
        assert found in (None, data)
        if found is None:
            cache.add(key, data)
        assert held(folder) <= 8000 + 2 * 1000  # what both write at the same time


def test_two_processes_share_a_cache(tmp_path):
    processes = [FORK.Process(target=use, args=(tmp_path, seed)) for seed in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert 0 < held(tmp_path) <= 8000
    assert int((tmp_path / 'bytes').read_text()) <= 8000
    assert not list(tmp_path.glob('??/*.unfinished'))


@pytest.mark.parametrize(
    ('given', 'expected'),
    [
        ('50GB', 50 * 10**9),
        ('1.5 GiB', 3 * 2**29),
        ('512mb', 512_000_000),
        ('2T', 2 * 10**12),
        ('10B', 10),
        (4096, 4096),
    ],
)
def test_sizes_are_read(given, expected):
    assert byte_size(given) == expected


@pytest.mark.parametrize('given', ['', '0', '-1GB', 'GB', '1 XB', '1e9', None, True])
def test_other_sizes_are_refused(given):
    with pytest.raises(InputError, match='cache must be a size such as'):
        byte_size(given, 'cache')
