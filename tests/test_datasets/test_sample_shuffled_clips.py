"""Orders and places of the clips of video clip order prediction."""

from collections import Counter

import numpy as np
import pytest

from vsslbox.datasets.readers.base_reader import VideoError
from vsslbox.datasets.transforms.sampling.sample_shuffled_clips import SampleShuffledClips

# The orders of three clips, as the authors number them.
ORDERS = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]


def sample(total_frames, draw, **kwargs):
    results = dict(rng=np.random.default_rng(draw), total_frames=total_frames, filename='a.mp4')
    results = SampleShuffledClips(**kwargs)(results)
    clips = [view.frame_indices.tolist() for view in results['views']]
    return clips, results['targets']['pretext_label']


def test_three_clips_of_sixteen_frames_with_gaps_of_eight():
    labels, starts = Counter(), Counter()
    for draw in range(3000):
        clips, label = sample(67, draw)
        start = min(clip[0] for clip in clips)
        expected = [
            [start + (16 + 8) * number + frame for frame in range(16)] for number in ORDERS[label]
        ]
        assert clips == expected
        labels[label] += 1
        starts[start] += 1
    assert set(labels) == set(range(6))
    assert set(starts) == {0, 1, 2, 3}  # the window has 64 frames
    assert all(abs(count - 500) < 103 for count in labels.values())  # five sigma
    assert all(abs(count - 750) < 119 for count in starts.values())


def test_frames_may_lie_apart():
    clips, label = sample(12, 0, num_clips=2, clip_len=3, gap=2, frame_interval=2)
    assert clips in ([[0, 2, 4], [7, 9, 11]], [[7, 9, 11], [0, 2, 4]])
    assert label == int(clips[0] > clips[1])


def test_a_video_shorter_than_the_window_is_replaced():
    sample(64, 0)
    with pytest.raises(VideoError, match=r'a\.mp4: 63 frames, but 3 clips with gaps need 64'):
        sample(63, 0)


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(num_clips=1), 'num_clips must be from 2 to 6'),
        (dict(num_clips=7), 'num_clips must be from 2 to 6'),
        (dict(gap=-1), 'gap must be at least 0, got -1'),
        (dict(clip_len=0), 'clip_len must be at least 1, got 0'),
    ],
)
def test_wrong_values_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        SampleShuffledClips(**kwargs)
