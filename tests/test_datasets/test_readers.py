"""Readers give the frames of a sequential decode, on real files of every kind."""

import pickle

import av
import cv2
import numpy as np
import pytest

from vsslbox.datasets.readers import (
    DecordReader,
    FallbackReader,
    FramesReader,
    PyAVReader,
    VideoError,
)
from vsslbox.datasets.video_dataset import ENDINGS

# What decord 0.6.0 gets wrong, see DecordReader: file -> how.
WRONG_IN_DECORD = {
    'decord/tests/test_data/video_90.mov': 'rotated',
    'decord/tests/test_data/video_180.mov': 'rotated',
    'decord/tests/test_data/video_270.mov': 'rotated',
    'torchcodec/test/resources/h264_10bits.mp4': 'other colours',
    'torchcodec/test/resources/h265_10bits.mp4': 'other colours',
    'torchcodec/test/resources/h265_video.mp4': 'frame 6 for frame 5',
    'torchcodec/test/resources/nasa_13013.mp4': 'the second video stream',
    'torchvision_assets/videos/RATRACE_wave_f_nm_np1_fr_goo_37.avi': 'a frame too many',
    'torchvision_assets/videos/SchoolRulesHowTheyHelpUs_wave_f_nm_np1_ba_med_0.avi': 'likewise',
    'torchvision_assets/videos/TrumanShow_wave_f_nm_np1_fr_med_26.avi': 'likewise, other frames',
    'torchvision_assets/videos/hmdb51_Turnk_r_Pippi_Michel_cartwheel_f_cm_np2_le_med_6.avi': (
        'likewise, other frames'
    ),
}


def sequential(path, limit=None):
    """All frames in order, by a plain decode of the first video stream."""
    images = []
    with av.open(str(path), metadata_errors='ignore') as container:
        for frame in container.decode(container.streams.video[0]):
            images.append(frame.to_ndarray(format='rgb24'))
            if len(images) == limit:
                break
    return images


def readable_files(root):
    paths = sorted(path for path in root.rglob('*') if path.suffix.lower() in ENDINGS)
    return [path for path in paths if path.name != 'corrupted.mp4']


def assert_exact(reader, images):
    """Some frames, the last among them, and then earlier ones of the same reader."""
    last = len(images) - 1
    rng = np.random.default_rng(0)
    choices = [[0, last], sorted({*rng.integers(last + 1, size=5).tolist(), last}), [last // 2]]
    for indices in choices:
        indices = sorted(set(indices))
        for index, image in zip(indices, reader.read(indices), strict=True):
            assert image.dtype == np.uint8
            assert np.array_equal(image, images[index]), index


def test_pyav_is_exact_on_every_real_file(data_root):
    paths = readable_files(data_root / 'formats')
    assert len(paths) >= 34
    for path in paths:
        images = sequential(path)
        reader = PyAVReader(str(path))
        assert reader.num_frames == len(images), path
        assert_exact(reader, images)
        reader.close()


def test_decord_is_exact_but_for_the_known_files(data_root):
    root = data_root / 'formats'
    wrong, unread = set(), set()
    for path in readable_files(root):
        name = str(path.relative_to(root))
        images = sequential(path)
        try:
            reader = DecordReader(str(path))
            indices = [0, len(images) // 2, len(images) - 1]
            frames = reader.read(sorted(set(indices)))
        except VideoError:
            unread.add(name)
            continue
        expected = [images[index] for index in sorted(set(indices))]
        same = all(map(np.array_equal, frames, expected))
        if reader.num_frames != len(images) or not same:
            wrong.add(name)
        reader.close()
    assert wrong == set(WRONG_IN_DECORD)
    assert unread == {'torchcodec/test/resources/av1_video.mkv'}


def moving_square(num_frames=60, height=48, width=64):
    images = np.random.default_rng(0).integers(0, 40, (num_frames, height, width, 3), np.uint8)
    for t in range(num_frames):
        images[t, 8:24, t % 48 : t % 48 + 16] = (4 * t, 255 - 4 * t, 128)
    return images


@pytest.mark.parametrize(
    ('name', 'codec', 'options'),
    [
        ('long_groups.mp4', 'libx264', dict(g='250', bf='3')),
        ('short_groups.mkv', 'libx264', dict(g='6', bf='2')),
        ('open_groups.mp4', 'libx264', {'g': '12', 'bf': '3', 'x264-params': 'open-gop=1'}),
        ('b_frames.avi', 'mpeg4', dict(g='12', bf='2')),
        ('h264.avi', 'libx264', dict(g='12', bf='2')),
        ('stream.ts', 'libx264', dict(g='12', bf='2')),
        ('vp9.webm', 'libvpx-vp9', dict(g='12', deadline='realtime')),
    ],
)
def test_pyav_is_exact_on_awkward_files(tmp_path, name, codec, options):
    path = tmp_path / name
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = 48, 64, 'yuv420p'
        for image in moving_square():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode())
    images = sequential(path)
    reader = PyAVReader(str(path))
    assert reader.num_frames == len(images)
    assert_exact(reader, images)
    assert reader.fps == pytest.approx(25, rel=0.05)


def test_a_changed_file_is_indexed_anew(tmp_path, video_folder):
    path = tmp_path / 'video.mp4'
    path.write_bytes((video_folder / 'video0.mp4').read_bytes())
    assert PyAVReader(str(path)).num_frames == 24
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('mpeg4', rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, 'yuv420p'
        for image in moving_square(9):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode())
    assert PyAVReader(str(path)).num_frames == 9


def test_metadata_that_is_not_utf8(data_root):
    names = [path for path in readable_files(data_root / 'formats') if 'hmdb51' in path.name]
    assert PyAVReader(str(names[0])).num_frames == 83


def test_what_one_reader_cannot_the_next_one_does(data_root):
    path = data_root / 'formats/torchcodec/test/resources/av1_video.mkv'
    reader = FallbackReader(str(path), ['decord', 'pyav'])
    assert_exact(reader, sequential(path))


class FailsLate(PyAVReader):
    """Opens every file and reads none."""

    def read(self, indices):
        raise VideoError(self.path, 'fails late')


def test_fallback_while_reading(video_folder, monkeypatch):
    from vsslbox.registry import TASK_UTILS

    monkeypatch.setitem(TASK_UTILS.module_dict, 'late', FailsLate)
    path = str(video_folder / 'video0.mp4')
    reader = FallbackReader(path, ['late', 'pyav'])
    assert np.array_equal(reader.read([3])[0], sequential(path)[3])
    with pytest.raises(VideoError, match=r'video0.mp4: late: fails late; late: fails late'):
        FallbackReader(path, ['late', 'late']).read([0])


@pytest.mark.parametrize('reader', [PyAVReader, DecordReader])
def test_unreadable_files_are_named(reader, tmp_path):
    (tmp_path / 'text.mp4').write_text('no video')
    for name in ('text.mp4', 'absent.mp4'):
        with pytest.raises(VideoError, match=name):
            reader(str(tmp_path / name))


def test_audio_alone_is_no_video(tmp_path):
    path = tmp_path / 'sound.mp4'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('aac', rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), 'fltp', 'mono')
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(VideoError, match='holds no video'):
        PyAVReader(str(path))


def test_corrupted_file(data_root):
    path = str(data_root / 'formats/decord/tests/test_data/corrupted.mp4')
    intact = []
    with pytest.raises(av.FFmpegError), av.open(path) as container:
        for frame in container.decode(video=0):
            intact.append(frame.to_ndarray(format='rgb24'))
    assert len(intact) == 28
    with pytest.raises(VideoError, match=r'corrupted.mp4'):
        reader = PyAVReader(path)
        assert np.array_equal(reader.read([5])[0], intact[5])
        reader.read([reader.num_frames - 1])


def test_frames_reader(tmp_path):
    for number in range(3, 8):
        image = np.full((4, 6, 3), (10 * number, 0, 200), np.uint8)  # BGR
        cv2.imwrite(str(tmp_path / f'img_{number:05}.png'), image)
    reader = FramesReader(str(tmp_path), 6, 'img_{:05}.png', start_index=3)
    first, third = reader.read([0, 2])
    assert first[0, 0].tolist() == [200, 0, 30]
    assert third[0, 0].tolist() == [200, 0, 50]
    with pytest.raises(VideoError, match=r'img_00008.png is missing'):
        reader.read([5])


def test_errors_survive_pickling():
    error = pickle.loads(pickle.dumps(VideoError('a.mp4', 'broken')))
    assert (str(error), error.path, error.reason) == ('a.mp4: broken', 'a.mp4', 'broken')
    assert str(VideoError('the whole message')) == 'the whole message'
