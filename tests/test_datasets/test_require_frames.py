"""Videos that are too short are replaced in training, and an error in a test."""

import numpy as np
import pytest

from tests.conftest import write_video
from vsslbox.datasets import VideoDataset
from vsslbox.datasets.readers import VideoError
from vsslbox.structures import SampleKey

LENGTHS = (9, 20, 8, 30)  # frames of the videos


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('lengths')
    for number, length in enumerate(LENGTHS):
        frames = np.full((length, 32, 32, 3), 60 * number, dtype=np.uint8)
        write_video(folder / f'video{number}.mp4', frames)
    return folder


def dataset(folder, min_frames, **kwargs):
    pipeline = [
        dict(type='OpenVideo'),
        dict(type='RequireFrames', min_frames=min_frames),
        dict(type='SampleRandomClip', clip_len=4, frame_interval=2),
        dict(type='DecodeViews'),
        dict(type='PackViews'),
    ]
    return VideoDataset(pipeline=pipeline, data_root=str(folder), **kwargs)


def test_another_video_with_its_own_index_takes_the_place(folder):
    videos, taken = dataset(folder, min_frames=9), set()
    for epoch in range(20):
        for index in (0, 1, 3):  # long enough, or just
            sample = videos[SampleKey(index, epoch)]['data_samples']
            assert (sample.get('index'), sample.get('bad_videos')) == (index, [])
        sample = videos[SampleKey(2, epoch)]
        index = sample['data_samples'].get('index')
        assert abs(sample['inputs'][0].float().mean() - 60 * index) < 4  # the frames are its own
        assert sample['data_samples'].get('bad_videos') == [
            (str(folder / 'video2.mp4'), 'too short: 8 frames, but at least 9 are required')
        ]
        taken.add(index)
    assert taken == {0, 1, 3}


def test_in_a_test_it_is_an_error(folder):
    with pytest.raises(VideoError, match=r'video2.mp4: too short: 8 frames'):
        dataset(folder, min_frames=9, test_mode=True)[2]


def test_a_list_of_short_videos_ends(folder):
    with pytest.raises(VideoError, match=r'6 videos in a row .* too short'):
        dataset(folder, min_frames=31, max_replacements=5)[0]


def test_wrong_values_are_refused(folder):
    with pytest.raises(ValueError, match='min_frames of RequireFrames must be at least 1, got 0'):
        dataset(folder, min_frames=0)
