"""Fixtures and helpers for all tests."""

import gc
import os
from collections import Counter
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from hypothesis import settings
from mmengine.registry import DefaultScope

import vsslbox  # noqa: F401  (declares what torch.load may read)

REPO = Path(__file__).resolve().parent.parent

# Few examples, the same in every run, however slow the machine; the full form draws others.
settings.register_profile(
    'bounded', max_examples=50, derandomize=True, deadline=None, database=None
)
settings.register_profile('full', max_examples=2000, deadline=None, database=None)
settings.load_profile(os.environ.get('HYPOTHESIS_PROFILE', 'bounded'))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Keep modules and tests out of the garbage collections of all tests.

    These would look at a million objects each time, and take half of a training's time.
    """
    gc.disable()
    collected = yield
    gc.collect()
    gc.freeze()
    gc.enable()
    return collected


def pytest_collection_modifyitems(items: list[pytest.Item]):
    """Begin with the files whose tests are slow: the processes end at about the same time."""
    tests = Counter(item.path for item in items)
    slow = Counter(item.path for item in items if item.get_closest_marker('slow'))
    items.sort(key=lambda item: (-slow[item.path] / tests[item.path], -tests[item.path]))


def examples(bounded: int) -> int:
    """Return the number of examples of a test that has fewer in its bounded form than others."""
    return bounded * settings.default.max_examples // 50


@pytest.fixture(scope='session')
def data_root() -> Path:
    """Return the folder of real clips; skip tests that need it where it is absent."""
    root = Path(os.environ.get('VSSLBOX_TEST_DATA', REPO.parent / 'shared' / 'data'))
    if not root.is_dir():
        pytest.skip(f'no test data: set VSSLBOX_TEST_DATA (looked in {root})')
    return root


@pytest.fixture(autouse=True)
def _seed():
    """Start every test from the same random state, whatever ran before it."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _default_scope():
    """Leave no default scope of a runner behind: later tests would look names up there."""
    before = dict(DefaultScope._instance_dict)
    yield
    DefaultScope._instance_dict.clear()
    DefaultScope._instance_dict.update(before)


def write_video(path: Path, frames: np.ndarray, *, codec: str = 'libx264', fps: int = 24) -> None:
    """Write RGB frames, uint8 ``[T, H, W, 3]``, as a video file."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=fps)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = 'yuv420p'
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode())


@pytest.fixture(scope='session')
def video_folder(tmp_path_factory) -> Path:
    """Return a folder of eight videos of 64x48 pixels and 24 frames, each with its own pattern."""
    folder = tmp_path_factory.mktemp('videos')
    for index in range(8):
        rng = np.random.default_rng(index)
        coarse = rng.integers(0, 256, (24, 6, 8, 3), dtype=np.uint8)
        write_video(folder / f'video{index}.mp4', coarse.repeat(8, axis=1).repeat(8, axis=2))
    return folder
