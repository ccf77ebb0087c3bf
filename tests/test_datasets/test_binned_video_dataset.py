"""Videos cut into bins, each with a row of its own."""

import numpy as np
import pytest

from vsslbox.datasets import BinnedVideoDataset, VideoDataset
from vsslbox.datasets.readers import VideoError
from vsslbox.structures import SampleKey

DECODE = [dict(type='DecodeViews'), dict(type='PackViews')]
ONE_FRAME = dict(type='SampleRandomClip', clip_len=1)


def dataset(folder, counts=(24,) * 3, bin_interval=10, sampler=ONE_FRAME, **kwargs):
    """Build bins of three videos of 24 frames, whose list gives ``counts``."""
    rows = [f'video{number}.mp4,{number % 2},{count}' for number, count in enumerate(counts)]
    (folder / 'list.csv').write_text('\n'.join(['path,label,num_frames', *rows]))
    return BinnedVideoDataset(
        'list.csv',
        [dict(type='OpenVideo'), dict(type='RestrictToBin'), sampler, *DECODE],
        str(folder),
        bin_interval=bin_interval,
        **kwargs,
    )


def test_every_bin_is_a_sample(video_folder):
    bins = dataset(video_folder)
    infos = [bins.get_data_info(index) for index in range(len(bins))]
    expected = [(v, cut) for v in range(3) for cut in ((0, 10), (10, 20), (20, 24))]
    assert [(info['filename'], info['bin']) for info in infos] == [
        (str(video_folder / f'video{v}.mp4'), cut) for v, cut in expected
    ]
    assert [info['label'] for info in infos] == [v % 2 for v, _ in expected]
    assert infos[4]['attributes']['name'] == 'video1.mp4[10:20]'


@pytest.mark.slow
@pytest.mark.parametrize(
    'sampler', [ONE_FRAME, dict(type='SampleRandomClip', clip_len=3, frame_interval=2)]
)
def test_frames_are_those_of_the_bin(video_folder, sampler):
    """A sample has the video's frames at the bin's start plus the position within the bin."""
    bins = dataset(video_folder, sampler=sampler)
    whole = VideoDataset(
        pipeline=[
            dict(type='OpenVideo'),
            dict(type='SampleEndToEndFrames', num_frames=24),
            *DECODE,
        ],
        data_root=str(video_folder),
    )
    for index in range(len(bins)):
        frames = whole[index // 3]['inputs'][0]
        start, end = bins.get_data_info(index)['bin']
        seen = set()
        for epoch in range(12):
            sample = bins[SampleKey(index, epoch)]
            (view,) = sample['data_samples'].get('views')
            places = np.asarray(view['frame_indices'])
            assert (sample['inputs'][0] == frames[:, start + places]).all()
            assert sample['data_samples'].get('index') == index
            seen.update(places.tolist())
        assert len(seen) > 1
        assert seen <= set(range(end - start))


@pytest.mark.slow
def test_hash_depends_on_the_bins(video_folder):
    hashes = [dataset(video_folder, bin_interval=n).list_hash() for n in (10, 12, 24)]
    assert len({*hashes, dataset(video_folder).list_hash()}) == 3


def test_a_video_shorter_than_in_the_list_is_replaced_and_reported(video_folder):
    bins = dataset(video_folder, counts=(40, 24, 24))
    reason = 'has 24 frames, but 30 to 40 are needed'
    sample = bins[3]['data_samples']
    assert sample.get('index') != 3
    assert (str(video_folder / 'video0.mp4'), reason) in sample.get('bad_videos')
    with pytest.raises(VideoError, match=reason):
        dataset(video_folder, counts=(40, 24, 24), test_mode=True)[3]


def test_lists_without_numbers_are_refused(video_folder):
    with pytest.raises(ValueError, match=r"got 'many' for video0.mp4 .* tools/data/count_frames"):
        dataset(video_folder, counts=('many', 24, 24))
    with pytest.raises(ValueError, match=r'`num_frames` .* got None for video0.mp4 of a folder'):
        BinnedVideoDataset(data_root=str(video_folder), bin_interval=5)
    with pytest.raises(ValueError, match='bin_interval must be at least 1'):
        dataset(video_folder, bin_interval=0)
