"""From the key of a sample to decoded views, with and without a loader."""

import cv2
import numpy as np
import pytest
from mmengine.dataset import default_collate
from torch.utils.data import DataLoader

from vsslbox.datasets import EpochSampler, VideoDataset
from vsslbox.datasets.readers import BaseReader, PyAVReader, VideoError
from vsslbox.datasets.transforms import DecodeViews, OpenFrames, OpenVideo
from vsslbox.structures import View


class CountingReader(BaseReader):
    """Ten frames, the i-th filled with i; records the requested frames."""

    path, num_frames, fps = 'video.mp4', 10, 25.0

    def __init__(self):
        self.asked = []
        self.closed = False

    def read(self, indices):
        self.asked.append(indices)
        return [np.full((2, 2, 3), index, np.uint8) for index in indices]

    def close(self):
        self.closed = True


def decode(*frame_indices):
    reader = CountingReader()
    views = [View(f'view{i}', np.array(indices)) for i, indices in enumerate(frame_indices)]
    results = dict(views=views, reader=reader)
    try:
        return DecodeViews()(results), reader
    finally:
        assert reader.closed
        assert 'reader' not in results


def test_frames_of_all_views_are_decoded_once():
    results, reader = decode([7, 3, 3], [9, 3], [0])
    assert reader.asked == [[0, 3, 7, 9]]
    first, second, third = results['views']
    assert [frame[0, 0, 0] for frame in first.frames] == [7, 3, 3]
    assert [frame[0, 0, 0] for frame in second.frames] == [9, 3]
    assert [frame[0, 0, 0] for frame in third.frames] == [0]
    assert first.frames[1] is first.frames[2] is second.frames[1]


@pytest.mark.parametrize('indices', [[-1, 3], [3, 10]])
def test_frames_that_the_video_does_not_have(indices):
    message = rf'frames {indices[0]} to {indices[1]} of video.mp4, which has 10'
    with pytest.raises(ValueError, match=message):
        decode(indices)


def test_open_video(video_folder):
    path = str(video_folder / 'video3.mp4')
    results = OpenVideo()(dict(filename=path))
    assert (results['total_frames'], results['fps']) == (24, 24.0)
    results['views'] = [View('clip', np.array([20, 4]))]
    expected = PyAVReader(path).read([4, 20])
    for readers in ('pyav', ['decord'], ['decord', 'pyav']):
        opened = OpenVideo(readers)(dict(filename=path))
        frames = DecodeViews()(results | opened)['views'][0].frames
        assert np.array_equal(frames, expected[::-1])


def test_unknown_reader():
    with pytest.raises(
        ValueError, match=r"unknown reader 'pyva': use 'pyav', 'decord', 'torchcodec'"
    ):
        OpenVideo(['pyva'])


def test_open_frames_counts_from_offset_and_start(tmp_path):
    for number in range(5, 9):
        cv2.imwrite(str(tmp_path / f'{number}.png'), np.full((4, 4, 3), number, np.uint8))
    results = dict(
        frame_dir=str(tmp_path), total_frames=3, filename_tmpl='{}.png', start_index=2, offset=4
    )
    results = OpenFrames()(results)
    results['views'] = [View('clip', np.array([0, 2]))]
    first, last = DecodeViews()(results)['views'][0].frames
    assert (first[0, 0, 0], last[0, 0, 0]) == (6, 8)


PIPELINE = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleSegmentTuples', num_segments=3),
    fail=None,
    decode=dict(type='DecodeViews'),
    pack=dict(type='PackViews'),
)


def test_the_file_is_closed_when_a_transform_fails(video_folder, monkeypatch):
    closed = []
    monkeypatch.setattr(PyAVReader, 'close', lambda self: closed.append(self.path))

    def fails(results):
        raise KeyError('a mistake')

    dataset = VideoDataset(data_root=str(video_folder), pipeline=dict(PIPELINE, fail=fails))
    with pytest.raises(KeyError, match='a mistake'):
        dataset[1]
    assert closed == [str(video_folder / 'video1.mp4')]


def load(dataset, num_workers):
    """Return file, replaced videos, frames and pixels of each sample of two epochs."""
    sampler = EpochSampler(dataset, seed=5)
    loader = DataLoader(
        dataset,
        batch_size=3,
        sampler=sampler,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        collate_fn=default_collate,
    )
    loaded = []
    for epoch in range(2):
        sampler.set_epoch(epoch)
        for batch in loader:
            for number, sample in enumerate(batch['data_samples']):
                frames = [view['frame_indices'].tolist() for view in sample.views]
                pixels = [view[number].numpy().tobytes() for view in batch['inputs']]
                loaded.append((sample.filename, sample.bad_videos, frames, pixels))
    return loaded


@pytest.fixture
def folder_with_a_bad_video(video_folder, tmp_path):
    for path in video_folder.glob('*.mp4'):
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / 'bad.mp4').write_text('no video')
    return tmp_path


def test_samples_do_not_depend_on_workers(folder_with_a_bad_video):
    dataset = VideoDataset(data_root=str(folder_with_a_bad_video), pipeline=PIPELINE)
    alone, shared = load(dataset, 0), load(dataset, 2)
    assert alone == shared
    replaced = [bad_videos for _, bad_videos, _, _ in alone if bad_videos]
    assert [[path for path, _ in bad] for bad in replaced] == [
        [str(folder_with_a_bad_video / 'bad.mp4')]
    ] * 2  # once in each epoch
    assert alone[:9] != alone[9:]


def test_an_error_in_a_worker_keeps_its_message(folder_with_a_bad_video):
    dataset = VideoDataset(
        data_root=str(folder_with_a_bad_video), pipeline=PIPELINE, test_mode=True
    )
    loader = DataLoader(dataset, num_workers=1, collate_fn=default_collate)
    with pytest.raises(VideoError, match=r'bad.mp4: pyav: Invalid data'):
        list(loader)
