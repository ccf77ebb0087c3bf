"""Clips with a number of frames a second, compared with the authors' arithmetic."""

import math

import numpy as np
import pytest

from vsslbox.datasets.transforms.sampling import SampleClipAtRate
from vsslbox.errors import InputError


def sample(total_frames, rate, draw=0, **kwargs):
    results = dict(rng=np.random.default_rng(draw), total_frames=total_frames, fps=rate)
    (view,) = SampleClipAtRate(**kwargs)(results)['views']
    return view.frame_indices.tolist()


@pytest.mark.parametrize(
    ('fps', 'step'), [(24.0, 6), (25.0, 6), (29.97, 7), (30.0, 7), (60.0, 15), (3.0, 1)]
)
def test_frames_are_as_far_apart_as_the_rate_asks(fps, step):
    assert step == max(math.ceil(fps) // 4, 1)
    starts = set()
    for draw in range(200):
        clip = sample(15 * step + 9, fps, draw)
        assert np.diff(clip).tolist() == [step] * 15
        starts.add(clip[0])
    assert starts == set(range(9))


def test_short_videos_repeat_their_last_frame():
    assert sample(10, 30.0, clip_len=4) == [0, 7, 9, 9]
    assert sample(64, 30.0, clip_len=4, fps=1) == [0, 30, 60, 63]


def test_wrong_use_is_explained():
    with pytest.raises(InputError, match=r'needs the frame rate.*`SampleRandomWindow'):
        sample(64, 0.0)
    with pytest.raises(InputError, match='fps must be at least 1, got 0'):
        SampleClipAtRate(fps=0)
