"""Decoders that crash or hang: the video is named, and replaced after the second time."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from vsslbox.datasets import EpochSampler, VideoDataset
from vsslbox.datasets.readers import PyAVReader, ReadingNotes
from vsslbox.datasets.readers.limits import FILE_SECONDS
from vsslbox.engine import steady_batches as steady_module
from vsslbox.engine.runner import SSLRunner
from vsslbox.engine.steady_batches import WorkersDiedError, steady_batches
from vsslbox.registry import TASK_UTILS

TIMES = 'TIMES_THAT_A_READER_FAILS'


def fails_now(path):
    """Count the attempts to read a file beside it; return whether this one fails."""
    attempts = Path(f'{path}.attempts')
    with attempts.open('a') as file:
        file.write('.')
    return attempts.stat().st_size <= int(os.environ[TIMES])


class Crashes(PyAVReader):
    """Ends the process at two videos."""

    def __init__(self, path):
        if path.endswith(('video2.mp4', 'video5.mp4')) and fails_now(path):
            os._exit(1)
        super().__init__(path)


class Hangs(PyAVReader):
    """Waits for ever while it reads one video."""

    def read(self, indices):
        if self.path.endswith('video4.mp4') and fails_now(self.path):
            time.sleep(3600)
        return super().read(indices)


@pytest.fixture
def make_loader(video_folder, tmp_path, monkeypatch):
    """Return a function that makes a loader with a reader of this file, and what it logs."""
    folder = tmp_path / 'videos'
    folder.mkdir()
    for path in video_folder.glob('*.mp4'):
        (folder / path.name).symlink_to(path)
    monkeypatch.setitem(TASK_UTILS.module_dict, 'crashes', Crashes)
    monkeypatch.setitem(TASK_UTILS.module_dict, 'hangs', Hangs)
    log = []
    for module in (steady_module, 'vsslbox.datasets.readers.reading_notes'):
        name = module if isinstance(module, str) else module.__name__
        monkeypatch.setattr(f'{name}.print_log', lambda message, *args: log.append(message))

    def make(reader, times, persistent=True):
        monkeypatch.setenv(TIMES, str(times))
        dataset = VideoDataset(
            data_root=str(folder),
            pipeline=[
                dict(type='OpenVideo', readers=[reader]),
                dict(type='SampleEndToEndFrames', num_frames=2),
                dict(type='DecodeViews'),
                dict(type='PackViews'),
            ],
        )
        return SSLRunner.build_dataloader(
            dict(
                dataset=dataset,
                sampler=EpochSampler(dataset, seed=0),
                batch_size=2,
                num_workers=2,
                persistent_workers=persistent,
                collate_fn=dict(type='pseudo_collate'),
            ),
            seed=0,
        )

    return make, log


def samples(loader):
    """Return the names, bad videos and sums of pixels of all samples of an epoch."""
    found = []
    for _, batch in steady_batches(loader):
        for sample, views in zip(batch['data_samples'], batch['inputs'][0], strict=True):
            bad = {os.path.basename(path): reason for path, reason in sample.bad_videos}
            found.append((sample.filename, bad, int(views.long().sum())))
    return found


@pytest.mark.slow
@pytest.mark.parametrize('persistent', [True, False])
def test_videos_that_crash_the_decoder_are_replaced(make_loader, persistent):
    make, log = make_loader
    expected = samples(make('pyav', 0))
    found = samples(make('crashes', 99, persistent))
    assert len(found) == len(expected)
    bad = {name: reason for _, its_bad, _ in found for name, reason in its_bad.items()}
    assert bad == dict.fromkeys(
        ['video2.mp4', 'video5.mp4'], '2 workers died or hung while they read it'
    )
    kept = [pair for pair in zip(found, expected, strict=True) if not pair[0][1]]
    assert len(kept) == len(expected) - 2
    assert all(one == other for one, other in kept)
    for name in ('video2.mp4', 'video5.mp4'):
        assert any('while it read' in line and name in line for line in log)
        assert any(', without' in line and name in line for line in log)


@pytest.mark.slow
def test_a_video_that_crashes_the_decoder_once_is_read(make_loader):
    make, log = make_loader
    assert samples(make('crashes', 1)) == samples(make('pyav', 0))
    assert not any(', without' in line for line in log)


@pytest.mark.slow
def test_a_worker_that_hangs_is_killed(make_loader, monkeypatch):
    make, log = make_loader
    monkeypatch.setenv(FILE_SECONDS.variable, '3')
    expected = samples(make('pyav', 0))
    started = time.monotonic()
    loader = make('hangs', 99)
    found = samples(loader)
    assert time.monotonic() - started < 60
    bad = {name: reason for _, its_bad, _ in found for name, reason in its_bad.items()}
    assert bad == {'video4.mp4': '2 workers died or hung while they read it'}
    assert sum(one == other for one, other in zip(found, expected)) == len(expected) - 1
    stuck = [line for line in log if 'has been read for more than 3 s' in line]
    assert len(stuck) == 2
    assert all('video4.mp4' in line and FILE_SECONDS.variable in line for line in stuck)
    assert len(samples(loader)) == len(expected)  # the next epoch meets it no more
    assert len([line for line in log if 'has been read' in line]) == 2


def test_the_last_message_names_the_videos(make_loader, monkeypatch):
    make, _ = make_loader
    monkeypatch.setattr(steady_module, 'MAX_DEATHS', 1)
    with pytest.raises(WorkersDiedError, match=r'while it read .*video[25].mp4'):
        samples(make('crashes', 99))


@pytest.mark.slow
def test_no_worker_is_left(make_loader, monkeypatch):
    make, _ = make_loader
    monkeypatch.setenv(FILE_SECONDS.variable, '2')
    before = set(multiprocessing.active_children())
    samples(make('hangs', 99, persistent=False))
    assert set(multiprocessing.active_children()) <= before


@pytest.mark.slow
def test_a_worker_that_finishes_while_it_is_checked_is_not_killed(monkeypatch):
    """The note says 'between two videos' from the second look on; that is no time of a start."""

    class Finishing:
        pid, path = os.getpid(), b'video.mp4'
        looks = 0

        @property
        def since(self):
            self.looks += 1
            return time.monotonic() if self.looks % 2 else 0.0

    monkeypatch.setenv(FILE_SECONDS.variable, '1')
    killed = []
    monkeypatch.setattr(ReadingNotes, '_kill', lambda note, limit: killed.append(note))
    notes = ReadingNotes(1)
    notes._notes = [Finishing()]
    for _ in notes.watch(iter(range(3))):
        time.sleep(0.3)
    assert notes._notes[0].looks > 1 and killed == []
