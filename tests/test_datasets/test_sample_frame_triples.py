"""Frames of Shuffle and Learn: order, distances, and windows with motion."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from vsslbox.datasets.readers.base_reader import VideoError
from vsslbox.datasets.transforms.sampling.sample_frame_triples import SampleFrameTriples


class Film:
    """A reader of grey frames."""

    def __init__(self, greys):
        self.greys = greys
        self.num_frames = len(greys)

    def read(self, indices):
        assert list(indices) == sorted(set(indices))
        return [np.full((8, 10, 3), self.greys[index], np.uint8) for index in indices]


def sample(greys, draw, **kwargs):
    results = dict(rng=np.random.default_rng(draw), filename='a.mp4')
    results.update(reader=Film(greys), total_frames=len(greys))
    results = SampleFrameTriples(**kwargs)(results)
    assert [view.name for view in results['views']] == ['first', 'middle', 'last']
    frames = [int(view.frame_indices.item()) for view in results['views']]
    return frames, results['targets']['pretext_label']


def test_triples_in_and_out_of_order():
    kinds, reversals, starts = Counter(), Counter(), Counter()
    for draw in range(1000):
        (first, middle, last), label = sample([7] * 100, draw)
        b, d = min(first, last), max(first, last)
        assert d - b == 60
        if label == 1:
            assert b < middle < d
        else:
            assert middle in (b - 15, d + 15)
        kinds['in order' if label else 'before' if middle < b else 'after'] += 1
        reversals[first > last] += 1
        starts[b - 15] += 1
    assert abs(kinds['in order'] - 250) < 69  # five sigma
    assert abs(kinds['before'] - 375) < 77
    assert abs(kinds['after'] - 375) < 77
    assert abs(reversals[True] - 500) < 80
    assert set(starts) == set(range(10))  # a window has 91 of the 100 frames
    assert all(abs(count - 100) < 48 for count in starts.values())


def literal_weights(greys, interval, length):
    """Return the motion of every window: the mean change of its grey values, frame by frame."""
    last = len(greys) - 1
    places = sorted({*range(0, last, interval), last})
    motion = []
    for left, right in pairwise(places):
        for _ in range(left, right):
            motion.append(abs(float(greys[right]) - float(greys[left])) / (right - left))
    return [sum(motion[start : start + length]) for start in range(len(greys) - length)]


def test_windows_with_more_motion_are_more_likely():
    greys = np.array([10, 10, 10, 14, 20, 10, 25, 30, 10, 200, 90, 0, 250, 100])
    weights = np.array(literal_weights(greys.tolist(), 3, 4 + 2 * 2))
    counts = Counter()
    for draw in range(1000):
        frames, label = sample(greys, draw, span=4, offset=2, positive_share=1.0, motion_interval=3)
        assert label == 1
        counts[min(frames) - 2] += 1
    expected = 1000 * weights / weights.sum()
    assert len(expected) == 6
    assert expected.max() > 1.2 * expected.min()
    chi_square = sum((counts[start] - mean) ** 2 / mean for start, mean in enumerate(expected))
    assert chi_square < 5 + 5 * 10**0.5


@pytest.mark.parametrize('total_frames', [5, 6, 17, 90])
def test_distances_shrink_in_short_videos(total_frames):
    shrink = min(1, (total_frames - 1) / 90)
    span, offset = max(int(60 * shrink), 2), max(int(15 * shrink), 1)
    for draw in range(30):
        (first, middle, last), label = sample([0] * total_frames, draw)
        b, d = min(first, last), max(first, last)
        assert d - b == span
        assert b < middle < d if label else middle in (b - offset, d + offset)
        assert min(b, middle) >= 0
        assert max(d, middle) < total_frames


def test_a_video_of_four_frames_is_replaced():
    with pytest.raises(VideoError, match=r'a\.mp4: 4 frames, but a triple is drawn from 5'):
        sample([0] * 4, 0)


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(span=1), 'span must be at least 2, got 1'),
        (dict(offset=0), 'offset must be at least 1, got 0'),
        (dict(motion_interval=0), 'motion_interval must be at least 1, got 0'),
        (dict(positive_share=1.5), 'positive_share must be within'),
    ],
)
def test_wrong_values_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        SampleFrameTriples(**kwargs)
