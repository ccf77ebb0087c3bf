"""Trainings that SIGKILL ends at any moment, and that resume as if they had never stopped.

The kernel keeps what a killed process has written: these tests do not show what a loss of power
leaves on the disk.
"""

import builtins
import itertools
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.fileio import LocalBackend

from tests.training import (
    DEMOS,
    ITERATIONS,
    assert_same,
    assert_same_end,
    demo_config,
    start,
    train_and_draw,
)

# The moments of a checkpoint's way to the disk, and whether an unfinished file remains.
MOMENTS = {
    'within its bytes': True,
    'before they are on the disk': True,
    'before it gets its name': True,
    'before it is named as the last': False,
}
KILLS = 20  # for each method in the full form, two fifths of them within a write


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_call(number, owner, name, concerns, last_words=None):
    """Kill this process instead of the ``number``-th call of a function that concerns the test."""
    function, calls = getattr(owner, name), itertools.count(1)

    def watched(*args, **kwargs):
        if concerns(*args) and next(calls) == number:
            if last_words:
                last_words(*args)
            die()
        return function(*args, **kwargs)

    setattr(owner, name, watched)


def write_half(backend, content, path):
    with open(path, 'wb') as file:
        file.write(content[: len(content) // 2])


def train_until(moment, number, config):
    """Train, and die within the writing of a checkpoint."""
    if moment == 'within its bytes':
        die_at_call(number, LocalBackend, 'put', lambda *args: True, write_half)
    elif moment == 'before they are on the disk':
        die_at_call(number, os, 'fsync', lambda file: True)
    elif moment == 'before it gets its name':
        die_at_call(number, os, 'replace', lambda source, target: str(target).endswith('.pth'))
    else:
        die_at_call(number, builtins, 'open', lambda path, *_: 'last_checkpoint' in str(path))
    train_and_draw(config)


def kill_in_write(moment, number, config):
    """Kill a training within its ``number``-th write; return whether it was killed."""
    process = start(train_until, moment, number, config)
    process.join()
    return process.exitcode == -signal.SIGKILL


def kill_after(seconds, config):
    """Kill a training so long after its first checkpoint, or never.

    Returns:
        Whether it had ended before, and the seconds it ran since that checkpoint.
    """
    process, first = start(train_and_draw, config), Path(config.work_dir) / 'iter_1.pth'
    while process.is_alive() and not first.exists():
        time.sleep(0.005)
    begin = time.monotonic()
    process.join(seconds)
    process.kill()
    process.join()
    return process.exitcode == 0, time.monotonic() - begin


def resume(method, videos, work_dir):
    process = start(train_and_draw, demo_config(method, videos, work_dir, resume=True))
    process.join()
    assert process.exitcode == 0


def assert_never_stopped(work_dir, expected):
    """Assert that weights, optimizer, schedules, memories and generators are those of a run."""
    assert_same_end(work_dir, expected)
    assert_same(*(torch.load(folder / 'draws.pth') for folder in (work_dir, expected)), 'draws')


@pytest.fixture(scope='module')
def straight(video_folder, tmp_path_factory):
    """A function that trains a method without a stop, once, and returns the work directory."""
    done = {}

    def train(method):
        if method not in done:
            done[method] = tmp_path_factory.mktemp(method)
            resume(method, video_folder, done[method])
        return done[method]

    return train


@pytest.mark.slow
@pytest.mark.parametrize(
    ('method', 'moment'),
    [
        ('vclr', 'within its bytes'),
        ('videomae', 'before they are on the disk'),
        ('vie', 'before it gets its name'),
        ('rho-swav', 'within its bytes'),
        ('vjepa2', 'before it gets its name'),
    ],
)
def test_a_kill_within_a_write_changes_nothing(method, moment, straight, video_folder, tmp_path):
    expected = straight(method)
    assert kill_in_write(moment, 5, demo_config(method, video_folder, tmp_path))
    assert list(tmp_path.glob('*.unfinished'))
    resume(method, video_folder, tmp_path)
    assert not list(tmp_path.glob('*.unfinished'))
    assert_never_stopped(tmp_path, expected)


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.parametrize('method', DEMOS)
def test_twenty_kills_change_nothing(method, straight, video_folder, tmp_path):
    expected = straight(method)
    _, seconds = kill_after(None, demo_config(method, video_folder, tmp_path))
    rng = np.random.default_rng(list(DEMOS).index(method))
    in_write = list(MOMENTS) * (2 * KILLS // 5 // len(MOMENTS))
    counts = dict(kills=0, in_write=0, unfinished=0, resumed_from_scratch=0)
    while counts['kills'] < KILLS:
        shutil.rmtree(tmp_path)
        config = demo_config(method, video_folder, tmp_path)
        moment = in_write[counts['in_write']] if counts['in_write'] < len(in_write) else None
        if moment:
            number = int(rng.integers(1, ITERATIONS))
            assert kill_in_write(moment, number, config)
            assert bool(list(tmp_path.glob('*.unfinished'))) == MOMENTS[moment]
            counts['in_write'] += 1
        else:
            ended, ran = kill_after(seconds * rng.uniform(), config)
            if ended:
                seconds = ran
                continue
        counts['kills'] += 1
        counts['unfinished'] += bool(list(tmp_path.glob('*.unfinished')))
        counts['resumed_from_scratch'] += not list(tmp_path.glob('*.pth'))
        resume(method, video_folder, tmp_path)
        assert_never_stopped(tmp_path, expected)
        print(f'{method}: {counts}, all equal', flush=True)
