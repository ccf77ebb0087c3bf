"""The distribution of VCLR's samples, by counting."""

from collections import Counter

import numpy as np
import pytest

from vsslbox.datasets.readers import VideoError
from vsslbox.datasets.transforms.sampling.sample_segment_tuples import SampleSegmentTuples


def sample(total_frames, draw, **kwargs):
    results = dict(rng=np.random.default_rng(draw), total_frames=total_frames, filename='v.mp4')
    return SampleSegmentTuples(**kwargs)(results)


@pytest.mark.parametrize('num_segments', [1, 2, 3, 5])
@pytest.mark.parametrize('total_frames', [10, 11, 32])
def test_one_frame_from_each_segment_and_never_the_same(num_segments, total_frames):
    length = total_frames // num_segments
    drawn = [Counter() for _ in range(num_segments)]
    for draw in range(400):
        results = sample(total_frames, draw, num_segments=num_segments)
        anchor, positive, _ = results['views']
        assert results['num_segments'] == num_segments
        assert len(anchor) == len(positive) == num_segments
        assert not set(anchor.frame_indices) & set(positive.frame_indices)
        for segment in range(num_segments):
            drawn[segment].update([anchor.frame_indices[segment], positive.frame_indices[segment]])
    for segment, counts in enumerate(drawn):
        end = total_frames if segment == num_segments - 1 else (segment + 1) * length
        frames = range(segment * length, end)  # the last segment takes the remainder
        assert set(counts) == set(frames)
        expected = 800 / len(frames)
        deviation = sum((counts[frame] - expected) ** 2 / expected for frame in frames)
        degrees = len(frames) - 1
        assert deviation < degrees + 5 * (2 * degrees) ** 0.5  # chi-square, five sigma


def test_query_comes_from_an_outer_segment():
    counts = Counter()
    for draw in range(1000):
        results = sample(30, draw, num_segments=3)
        segment = results['targets']['query_segment']
        counts[segment] += 1
        anchor, _, query = results['views']
        assert query.frame_indices.tolist() == [anchor.frame_indices[segment]]
    assert set(counts) == {0, 2}
    assert abs(counts[0] - 500) < 80  # five sigma


@pytest.mark.parametrize('frame_interval', [1, 2])
def test_clips_lie_within_their_segment(frame_interval):
    for draw in range(200):
        results = sample(60, draw, num_segments=3, clip_len=4, frame_interval=frame_interval)
        anchor, positive, query = results['views']
        assert len(query) == 4
        for view in (anchor, positive):
            clips = view.frame_indices.reshape(3, 4)
            assert (np.diff(clips, axis=1) == frame_interval).all()
            assert (clips // 20 == np.arange(3)[:, None]).all()
        starts = [view.frame_indices.reshape(3, 4)[:, 0] for view in (anchor, positive)]
        assert (starts[0] != starts[1]).all()


def test_clips_longer_than_the_video_repeat_its_last_frame():
    anchor = sample(6, 0, num_segments=3, clip_len=8)['views'][0]
    assert anchor.frame_indices.max() == 5
    assert anchor.frame_indices.reshape(3, 8)[:, -1].tolist() == [5, 5, 5]


def test_short_video_is_named():
    with pytest.raises(VideoError, match=r'v.mp4: 5 frames, but 3 segments need 6'):
        sample(5, 0, num_segments=3)


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match='num_segments must be at least 1, got 0'):
        SampleSegmentTuples(num_segments=0)
