"""Workers that are killed."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch.utils.data import Dataset

from vsslbox.compat import worker_pids
from vsslbox.datasets import EpochSampler
from vsslbox.engine.runner import SSLRunner
from vsslbox.engine.steady_batches import WorkersDiedError, steady_batches


class Deadly(Dataset):
    """Samples hold their key; the worker that makes a given one is killed a few times."""

    def __init__(self, folder, deadly_index=None, times=1):
        self.folder = folder
        self.deadly_index = deadly_index
        self.times = times

    def __len__(self):
        return 24

    def __getitem__(self, key):
        deaths = len(list(self.folder.iterdir()))
        if key.index == self.deadly_index and deaths < self.times:
            (self.folder / str(deaths)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return torch.tensor([key.index, int(key.rng().integers(1000))])


def loader(dataset, persistent):
    return SSLRunner.build_dataloader(
        dict(
            dataset=dataset,
            sampler=EpochSampler(dataset, seed=0),
            batch_size=4,
            num_workers=2,
            persistent_workers=persistent,
            collate_fn=dict(type='default_collate'),
        ),
        seed=0,
    )


def batches(loader, start=0):
    return [(number, batch.tolist()) for number, batch in steady_batches(loader, start)]


@pytest.mark.slow
@pytest.mark.parametrize('persistent', [False, True])
@pytest.mark.parametrize('times', [1, 2])
def test_a_killed_worker_changes_nothing(tmp_path, persistent, times):
    (tmp_path / 'unharmed').mkdir()
    (tmp_path / 'killed').mkdir()
    expected = loader(Deadly(tmp_path / 'unharmed'), persistent)
    deadly_index = batches(expected)[3][1][2][0]
    killed = loader(Deadly(tmp_path / 'killed', deadly_index, times), persistent)
    for _ in range(2):  # the second epoch, after the restart, is like any other
        assert batches(killed) == batches(expected)
    assert len(list((tmp_path / 'killed').iterdir())) == times


def test_it_starts_at_the_given_batch(tmp_path):
    whole = batches(loader(Deadly(tmp_path), False))
    assert [number for number, _ in whole] == list(range(6))
    assert batches(loader(Deadly(tmp_path), False), start=2) == whole[2:]
    assert batches(loader(Deadly(tmp_path), False), start=6) == []


def test_repeated_deaths_end_the_run_with_advice(tmp_path):
    with pytest.raises(WorkersDiedError, match=r'batch \d of 6 died 3 times.*num_workers.*resume'):
        batches(loader(Deadly(tmp_path, deadly_index=5, times=99), True))


@pytest.mark.slow
def test_a_death_does_not_interrupt_the_training_step(tmp_path):
    """It shows when the next batch is asked for, not while the last one is worked on."""
    running = loader(Deadly(tmp_path), True)
    seen = []
    for number, _ in steady_batches(running):
        seen.append(number)
        if number == 1:
            os.kill(worker_pids(running)[0], signal.SIGKILL)
            time.sleep(0.5)  # the step, in which torch's own handler would raise
    assert seen == list(range(6))


@pytest.mark.slow
def test_a_death_between_epochs(tmp_path):
    """It shows when the next epoch begins, not while the program validates or saves."""
    running = loader(Deadly(tmp_path), True)
    expected = batches(running)
    os.kill(worker_pids(running)[0], signal.SIGKILL)
    time.sleep(0.5)
    assert batches(running) == expected


def test_outside_of_the_main_thread(tmp_path):
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(batches, loader(Deadly(tmp_path), False)).result()
    assert found == batches(loader(Deadly(tmp_path), False))


@pytest.mark.slow
def test_other_errors_are_passed_on(tmp_path):
    class Broken(Deadly):
        def __getitem__(self, key):
            raise RuntimeError('a mistake in a transform')

    with pytest.raises(RuntimeError, match='a mistake in a transform'):
        batches(loader(Broken(tmp_path), False))
