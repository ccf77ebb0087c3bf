"""The frames of TSN and TSM are those of mmaction2."""

from unittest import mock

import numpy as np
import pytest
from mmaction.datasets.transforms import SampleFrames

from vsslbox.datasets.transforms import SampleCentreSegmentFrames, SampleRandomSegmentFrames


def frames_of_mmaction(total_frames, num_segments, test_mode):
    sample = SampleFrames(clip_len=1, num_clips=num_segments, test_mode=test_mode)
    return sample(dict(total_frames=total_frames, start_index=0))['frame_inds'].tolist()


def sample(kind, total_frames, num_segments, rng=None):
    (view,) = kind(num_segments)(dict(total_frames=total_frames, rng=rng))['views']
    assert view.name == 'frames'
    return view.frame_indices.tolist()


@pytest.mark.parametrize('num_segments', [1, 3, 8, 16, 25])
def test_centres_are_those_of_mmaction2(num_segments):
    for total_frames in range(1, 401):
        expected = frames_of_mmaction(total_frames, num_segments, test_mode=True)
        assert sample(SampleCentreSegmentFrames, total_frames, num_segments) == expected


@pytest.mark.parametrize('num_segments', [1, 3, 8, 16])
@pytest.mark.parametrize('place', ['first', 'last'])
def test_random_frames_have_the_bounds_of_mmaction2(num_segments, place):
    """The first and the last frame of every segment, for all lengths of videos."""

    def choose(high, size):
        return np.full(size, 0 if place == 'first' else high - 1)

    rng = mock.Mock(integers=choose)
    for total_frames in range(1, 401):
        with mock.patch('numpy.random.randint', choose):
            expected = frames_of_mmaction(total_frames, num_segments, test_mode=False)
        assert sample(SampleRandomSegmentFrames, total_frames, num_segments, rng) == expected


def test_every_frame_of_every_segment_is_equally_likely():
    rng = np.random.default_rng(0)
    drawn = np.array([sample(SampleRandomSegmentFrames, 33, 4, rng) for _ in range(8000)])
    for segment in range(4):  # of 8 frames; the last frame of the video belongs to none
        counts = np.bincount(drawn[:, segment], minlength=33)
        assert counts.nonzero()[0].tolist() == list(range(8 * segment, 8 * segment + 8))
        assert abs(counts[8 * segment : 8 * segment + 8] - 1000).max() < 4.5 * np.sqrt(1000)
    assert abs(np.corrcoef(drawn.T) - np.eye(4)).max() < 0.05


@pytest.mark.parametrize('kind', [SampleRandomSegmentFrames, SampleCentreSegmentFrames])
def test_no_segments_are_refused(kind):
    with pytest.raises(ValueError, match='num_segments must be at least 1, got 0'):
        kind(0)
