"""Clips of a fixed length in time, compared with literal loops, and the law of their starts."""

import numpy as np
import pytest

from vsslbox.datasets.transforms.sampling import SampleRandomSpans, SampleUniformSpans


def sample(sampler, total_frames, fps=30.0, draw=0):
    results = dict(rng=np.random.default_rng(draw), total_frames=total_frames, fps=fps)
    return [view.frame_indices.tolist() for view in sampler(results)['views']]


def literal(start, total_frames, clip_len, interval, rate):
    """The frames of one clip; ``rate`` is that of the video relative to the recipe's."""
    length = clip_len * interval * rate
    frames = []
    for t in range(clip_len):
        place = start + t * (length - 1) / (clip_len - 1)
        frames.append(int(min(place, total_frames - 1)))
    return frames


@pytest.mark.parametrize('fps', [30.0, 25.0, 29.97, 12.0, 60.0, 0.0])
@pytest.mark.parametrize(('clip_len', 'interval'), [(8, 8), (16, 4)])
@pytest.mark.parametrize('total_frames', [5, 64, 300])
def test_random_clips_equal_a_literal_loop(fps, clip_len, interval, total_frames):
    clips = sample(SampleRandomSpans(3, clip_len, interval), total_frames, fps)
    rate, rng = (fps or 30) / 30, np.random.default_rng(0)
    for clip in clips:
        start = rng.random() * max(total_frames - clip_len * interval * rate, 0)
        assert clip == literal(start, total_frames, clip_len, interval, rate)


def test_a_clip_of_the_recipe_has_frames_nine_apart():
    (clip,) = sample(SampleRandomSpans(1), 64)
    assert clip == [0, 9, 18, 27, 36, 45, 54, 63]


def test_starts_are_uniform_and_independent():
    starts = np.array(
        [
            [clip[0] for clip in sample(SampleRandomSpans(2), 64 + 100, draw=draw)]
            for draw in range(2000)
        ]
    )
    counts = np.histogram2d(*starts.T, bins=5, range=[(0, 100)] * 2)[0]
    assert ((counts - 80) ** 2 / 80).sum() < 24 + 5 * 48**0.5


def test_tests_start_at_equal_distances_before_the_latest_start():
    clips = sample(SampleUniformSpans(10), 64 + 95)
    assert clips == [literal(95 * number / 10, 159, 8, 8, 1) for number in range(10)]
    assert sample(SampleUniformSpans(2), 30) == [literal(0, 30, 8, 8, 1)] * 2


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match='num_clips must be at least 1, got 0'):
        SampleRandomSpans(0)
    with pytest.raises(ValueError, match='fps of SampleUniformSpans must be above 0, got 0'):
        SampleUniformSpans(fps=0)
