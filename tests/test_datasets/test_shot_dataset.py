"""Shots of videos, each with a row of its own."""

import numpy as np
import pytest

from vsslbox.datasets import ShotDataset, VideoDataset
from vsslbox.datasets.readers import VideoError
from vsslbox.errors import InputError
from vsslbox.structures import SampleKey

DECODE = [dict(type='DecodeViews'), dict(type='PackViews')]
SAMPLE = dict(type='SampleRandomClip', clip_len=2)
OPEN = dict(type='OpenVideo')
# Frames of 24 a second: the second shot has the frames 6 to 17, whose times are written rounded.
SHOTS = ['video0.mp4,0,0.25', 'video0.mp4,0.25,0.75', 'video1.mp4,0.4166666667,1']


def dataset(
    folder, rows=SHOTS, header='path,start,end', pipeline=(OPEN, SAMPLE, *DECODE), **kwargs
):
    (folder / 'shots.csv').write_text('\n'.join([header, *rows]))
    return ShotDataset('shots.csv', list(pipeline), str(folder), **kwargs)


@pytest.mark.slow
def test_samples_are_frames_of_their_shot(video_folder):
    shots = dataset(video_folder)
    whole = VideoDataset(
        pipeline=[OPEN, dict(type='SampleEndToEndFrames', num_frames=24), *DECODE],
        data_root=str(video_folder),
    )
    for index, (video, first, last) in enumerate([(0, 0, 6), (0, 6, 18), (1, 10, 24)]):
        frames, seen = whole[video]['inputs'][0], set()
        for epoch in range(40):
            sample = shots[SampleKey(index, epoch)]
            (view,) = sample['data_samples'].get('views')
            places = first + np.asarray(view['frame_indices'])
            assert (sample['inputs'][0] == frames[:, places]).all()
            seen.update(places.tolist())
        assert min(seen) == first and max(seen) == last - 1


def test_every_shot_has_a_name(video_folder):
    shots = dataset(video_folder)
    names = [shots.get_data_info(index)['attributes']['name'] for index in range(3)]
    assert names == ['video0.mp4[0:0.25]', 'video0.mp4[0.25:0.75]', 'video1.mp4[0.4166666667:1]']
    other = dataset(video_folder, [*SHOTS[:2], 'video1.mp4,0.5,1'])
    assert shots.list_hash() != other.list_hash()


def test_what_is_no_list_of_shots_is_refused(video_folder):
    with pytest.raises(InputError, match=r'got None and None for video0.mp4 of .*find_shots'):
        dataset(video_folder, ['video0.mp4'], 'path')
    for values in ('1,0.5', '-1,2', 'nan,1', 'a,b', ',1', '0,1_0'):
        with pytest.raises(InputError, match='0 <= start < end, got'):
            dataset(video_folder, [f'video0.mp4,{values}'])
    with pytest.raises(InputError, match='needs a pipeline with OpenVideo'):
        dataset(video_folder, pipeline=[SAMPLE])


def test_a_shot_is_the_same_however_its_times_are_spelt(video_folder):
    rows = ['video0.mp4,0,1,a', 'video0.mp4,0.0,1.00,b']
    with pytest.raises(InputError, match=r"video0.mp4' twice, with the labels 'a' and 'b'"):
        dataset(video_folder, rows, 'path,start,end,label')


@pytest.mark.parametrize('shot', ['1.5,2', '0.5,1.2', '0.51,0.53'])
def test_a_shot_outside_its_video_is_an_error(video_folder, shot):
    shots = dataset(video_folder, [f'video0.mp4,{shot}'], test_mode=True)
    with pytest.raises(VideoError, match='frame'):
        shots[0]
