"""Evenly spread frames and clips."""

import pytest

from vsslbox.datasets.transforms.sampling.sample_end_to_end_frames import SampleEndToEndFrames
from vsslbox.datasets.transforms.sampling.sample_uniform_clips import SampleUniformClips


@pytest.mark.parametrize('total_frames', [1, 7, 30, 31, 250])
def test_frames_are_the_rounded_points_of_the_source(total_frames):
    view = SampleEndToEndFrames(30)(dict(total_frames=total_frames))['views'][0]
    step = (total_frames - 1) / 29
    assert view.frame_indices.tolist() == [round(1 + i * step) - 1 for i in range(30)]


def test_clips_start_evenly():
    views = SampleUniformClips(3, clip_len=4, frame_interval=2)(dict(total_frames=29))['views']
    assert [view.frame_indices.tolist() for view in views] == [
        [0, 2, 4, 6],
        [10, 12, 14, 16],
        [21, 23, 25, 27],
    ]


def test_short_video_starts_over():
    views = SampleUniformClips(2, clip_len=5, frame_interval=1)(dict(total_frames=3))['views']
    assert [view.frame_indices.tolist() for view in views] == [[0, 1, 2, 0, 1]] * 2
