"""VIE's random clips."""

from collections import Counter

import numpy as np
import pytest

from vsslbox.datasets.transforms.sampling.sample_random_clip import SampleRandomClip


def sample(total_frames, draw, *args, **options):
    results = dict(rng=np.random.default_rng(draw), total_frames=total_frames)
    (clip,) = SampleRandomClip(*args, **options)(results)['views']
    return clip.frame_indices


@pytest.mark.parametrize(
    ('clip_len', 'interval', 'span'),
    [(1, 1, None), (16, 1, None), (4, 16, None), (16, 4, None), (16, 1, 16), (16, 4, 64)],
)
def test_every_start_is_equally_likely(clip_len, interval, span):
    num_starts = 12
    total_frames = num_starts + ((clip_len - 1) * interval if span is None else span)
    counts = Counter()
    for draw in range(1200):
        clip = sample(total_frames, draw, clip_len, interval, span=span)
        assert (np.diff(clip) == interval).all()
        counts[clip[0]] += 1
    assert set(counts) == set(range(num_starts))
    assert sum((n - 100) ** 2 / 100 for n in counts.values()) < 11 + 5 * 22**0.5


def test_short_videos_start_over():
    assert sample(10, 0, 16, 1).tolist() == [*range(10), *range(6)]


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match='frame_interval must be at least 1, got 0'):
        SampleRandomClip(frame_interval=0)
