"""The edits of copies: deterministic, alike for all frames, and of the stated size."""

import numpy as np
import pytest

from vsslbox.datasets.copy_edits import COPY_EDITS
from vsslbox.datasets.readers import BaseReader
from vsslbox.datasets.transforms import EditVideo
from vsslbox.errors import InputError


class Frames(BaseReader):
    """A video in memory."""

    path, fps = 'memory', 25.0

    def __init__(self, frames):
        self.frames, self.num_frames = frames, len(frames)

    def read(self, indices):
        return [self.frames[index] for index in indices]

    def close(self):
        pass


def counting(size=40):
    """Frames of one grey each, which is their number."""
    return [np.full((48, 64, 3), number, np.uint8) for number in range(size)]


def pictures(seed=0, size=4):
    """The same noise with a bright corner in all frames."""
    frame = np.random.default_rng(seed).integers(0, 200, (48, 64, 3)).astype(np.uint8)
    frame[:12, :16] = 255
    return [frame] * size


def edited(frames, edit, name='a.mp4', seed=0):
    results = dict(reader=Frames(frames), total_frames=len(frames), attributes=dict(name=name))
    EditVideo(edit, seed).transform(results)
    assert results['total_frames'] == results['reader'].num_frames
    return results['reader'].read(range(results['total_frames']))


@pytest.mark.parametrize('edit', COPY_EDITS)
def test_an_edit_depends_on_seed_and_name_alone(edit):
    frames = counting() if edit in ('speed', 'trim') else pictures()
    kept = [frame.copy() for frame in frames]
    first = edited(frames, edit)
    assert np.array_equal(first, edited(frames, edit))
    assert np.array_equal(frames, kept)  # the video itself is not written to
    assert len(first) != len(frames) or not np.array_equal(first, frames)
    if len(first) == len(frames):
        assert all(np.array_equal(frame, first[0]) for frame in first)  # alike for all frames
    if edit != 'flip':
        for others in (
            [edited(frames, edit, name=f'{number}.mp4') for number in range(5)],
            [edited(frames, edit, seed=seed) for seed in range(1, 6)],
        ):
            assert any(len(own) != len(first) or not np.array_equal(own, first) for own in others)


def test_what_the_edits_do():
    (frame, *_) = pictures()
    assert np.array_equal(edited([frame], 'flip')[0], frame[:, ::-1])
    for number in range(20):
        name = f'{number}.mp4'
        height, width = edited([frame], 'crop', name)[0].shape[:2]
        assert 0.6 * 48 - 1 <= height <= 0.8 * 48 + 1 and 0.6 * 64 - 1 <= width <= 0.8 * 64 + 1
        covered = (edited([frame], 'box', name)[0] != frame).any(axis=2).mean()
        assert 0.07 < covered < 0.27  # 0.3 to 0.5 of each side, but for equal values
        inner = edited([frame], 'picture_in_picture', name)[0]
        assert inner.shape == frame.shape
        grey = edited([np.full((48, 64, 3), 100, np.uint8)], 'colour', name)[0]
        assert grey.min() >= 10 and grey.max() <= 190
        assert (grey == grey[0, 0]).all()
        assert edited([frame], 'blur', name)[0].std() < 0.8 * frame.std()
        written = (edited([frame], 'text', name)[0] != frame).any(axis=2).mean()
        assert 0.03 < written < 0.7


def test_speed_and_trim_change_times():
    fast, slow = 0, 0
    for number in range(20):
        times = [int(frame[0, 0, 0]) for frame in edited(counting(), 'speed', f'{number}.mp4')]
        assert times == sorted(times) and times[0] == 0 and times[-1] >= 37
        fast, slow = fast + (20 <= len(times) <= 27), slow + (60 <= len(times) <= 80)
        times = [int(frame[0, 0, 0]) for frame in edited(counting(), 'trim', f'{number}.mp4')]
        assert times == list(range(times[0], times[-1] + 1)) and 16 <= len(times) <= 24
    assert fast + slow == 20 and min(fast, slow) > 3
    assert len(edited(counting(1), 'trim')) == len(edited(counting(1), 'speed')[:1]) == 1


def test_an_unknown_edit_is_refused():
    with pytest.raises(InputError, match=r"must be one of crop, flip, .*, got 'zoom'"):
        EditVideo('zoom')
