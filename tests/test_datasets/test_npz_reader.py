"""Files of decoded frames, as `numpy.savez` writes them."""

import io
import zipfile

import numpy as np
import pytest

from vsslbox.datasets import VideoDataset
from vsslbox.datasets.readers import FileRange, NpzReader, TooLargeError, VideoError, VideoSource
from vsslbox.registry import TASK_UTILS


@pytest.fixture
def frames():
    return np.random.default_rng(0).integers(0, 256, (7, 20, 30, 3), dtype=np.uint8)


def test_frames_and_rate(tmp_path, frames):
    np.savez(tmp_path / 'v.npz', labels=np.arange(9), frames=frames, fps=7.5)
    reader = TASK_UTILS.build(dict(type='npz', path=str(tmp_path / 'v.npz')))
    assert isinstance(reader, NpzReader)
    assert (reader.num_frames, reader.fps) == (7, 7.5)
    read = reader.read([0, 2, 6])
    assert np.array_equal(read, frames[[0, 2, 6]])
    assert all(frame.flags.c_contiguous and frame.flags.writeable for frame in read)
    reader.close()


def test_a_rate_may_be_missing_or_whole(tmp_path, frames):
    np.savez(tmp_path / 'v.npz', frames=frames)
    assert NpzReader(str(tmp_path / 'v.npz')).fps == 0
    np.savez(tmp_path / 'v.npz', frames=frames, fps=np.array([25]))
    assert NpzReader(str(tmp_path / 'v.npz')).fps == 25


def test_only_wanted_frames_are_read(tmp_path, frames, monkeypatch):
    """Beside the table of contents and the headers."""
    np.savez(tmp_path / 'v.npz', frames=frames)
    reader = NpzReader(str(tmp_path / 'v.npz'))
    sizes = []
    readinto = reader._file.readinto
    monkeypatch.setattr(
        reader._file, 'readinto', lambda room: sizes.append(len(room)) or readinto(room)
    )
    assert np.array_equal(reader.read([5])[0], frames[5])
    assert sizes == [frames[5].nbytes]


class Within(VideoSource):
    """A file that lies in another one, behind some bytes."""

    def __init__(self, path, offset):
        self.path, self.offset, self.content = path, offset, str(path)
        self.size = path.stat().st_size - offset

    def open(self):
        return FileRange(self.path, self.offset, self.size, 'v.npz')


def test_a_file_in_a_shard(tmp_path, frames):
    content = io.BytesIO()
    np.savez(content, frames=frames, fps=3.0)
    (tmp_path / 'shard.tar').write_bytes(b'x' * 512 + content.getvalue())
    reader = NpzReader('shard.tar:v.npz', Within(tmp_path / 'shard.tar', 512))
    assert np.array_equal(reader.read(range(7)), frames)


@pytest.mark.parametrize(
    'arrays, message',
    [
        (dict(images=np.zeros((2, 4, 4, 3), np.uint8)), "holds no array 'frames'"),
        (dict(frames=np.zeros((2, 4, 4, 3), np.float32)), r'uint8 .*, got float32 \[2, 4, 4, 3\]'),
        (dict(frames=np.zeros((2, 3, 4, 4), np.uint8)), r'got uint8 \[2, 3, 4, 4\]'),
        (dict(frames=np.zeros((4, 4, 3), np.uint8)), r'got uint8 \[4, 4, 3\]'),
        (dict(frames=np.zeros((0, 4, 4, 3), np.uint8)), r'got uint8 \[0, 4, 4, 3\]'),
        (dict(frames=np.zeros((2, 4, 4, 3), np.uint8, 'F')), 'in the order of Fortran'),
        (dict(frames=np.zeros((2, 4, 4, 3), np.uint8), fps='fast'), 'fps must be a number'),
        (dict(frames=np.zeros((2, 4, 4, 3), np.uint8), fps=np.nan), 'fps must be a number'),
        (dict(frames=np.zeros((2, 4, 4, 3), np.uint8), fps=[1.0, 2.0]), 'fps must be a number'),
        (dict(frames=np.zeros((2, 4, 4, 3), np.uint8), fps=np.ones(2000)), 'must be one number'),
        (dict(frames=np.array([{}])), r'got object \[1\]'),
    ],
)
def test_other_contents_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / 'v.npz', **arrays)
    with pytest.raises(VideoError, match=rf'v\.npz: .*{message}'):
        NpzReader(str(tmp_path / 'v.npz'))


def test_a_rate_that_is_a_pickle_is_not_loaded(tmp_path, frames):
    np.savez(tmp_path / 'v.npz', frames=frames, fps=np.array([{}]))
    with pytest.raises(VideoError, match='cannot be read as a NumPy file'):
        NpzReader(str(tmp_path / 'v.npz'))


def test_compressed_files_are_refused(tmp_path, frames):
    np.savez_compressed(tmp_path / 'v.npz', frames=frames)
    with pytest.raises(VideoError, match=r'is compressed: write it by numpy\.savez'):
        NpzReader(str(tmp_path / 'v.npz'))


def test_missing_and_other_files_are_refused(tmp_path, frames):
    (tmp_path / 'v.npz').write_bytes(b'no zip file')
    for name in ('v.npz', 'w.npz'):
        with pytest.raises(VideoError, match=name):
            NpzReader(str(tmp_path / name))
    with pytest.raises(VideoError, match='is a folder'):
        NpzReader(str(tmp_path))


def test_headers_that_announce_too_much_are_refused(tmp_path):
    """Before anything is allocated."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, dict(descr='|u1', fortran_order=False, shape=(10**6, 10**4, 10**4, 3))
    )
    with zipfile.ZipFile(tmp_path / 'v.npz', 'w') as file:
        file.writestr('frames.npy', header.getvalue())
    with pytest.raises(VideoError, match='ends before its 1000000 frames do'):
        NpzReader(str(tmp_path / 'v.npz'))


def test_large_reads_are_refused(tmp_path, frames, monkeypatch):
    np.savez(tmp_path / 'v.npz', frames=frames)
    reader = NpzReader(str(tmp_path / 'v.npz'))
    monkeypatch.setenv('VSSLBOX_MAX_VIDEO_BYTES', str(2 * frames[0].nbytes))
    assert len(reader.read([0, 1])) == 2
    with pytest.raises(TooLargeError, match='VSSLBOX_MAX_VIDEO_BYTES'):
        reader.read([0, 1, 2])


def test_damaged_files_raise_nothing_else(tmp_path, frames):
    np.savez(tmp_path / 'whole.npz', frames=frames, fps=5)
    whole = (tmp_path / 'whole.npz').read_bytes()
    rng = np.random.default_rng(0)
    path, refused = tmp_path / 'v.npz', 0
    headers = [*range(160), *range(len(whole) - 600, len(whole))]
    for trial in range(400):
        damaged = bytearray(whole)
        for place in rng.choice(headers, rng.integers(1, 6)):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged[: rng.integers(len(whole))] if trial % 3 == 0 else damaged)
        try:
            reader = NpzReader(str(path))
            read = reader.read(range(min(reader.num_frames, 7)))
            assert all(frame.dtype == np.uint8 and frame.ndim == 3 for frame in read)
        except VideoError as error:
            assert str(path) in str(error)
            refused += 1
    assert refused > 150


def test_a_data_set_of_such_files(tmp_path, frames):
    for number in range(3):
        np.savez(tmp_path / f'{number}.npz', frames=frames + np.uint8(number), fps=5)
    dataset = VideoDataset(
        pipeline=[
            dict(type='OpenVideo', readers=['npz']),
            dict(type='SampleUniformClips', num_clips=1, clip_len=4, frame_interval=1),
            dict(type='DecodeViews'),
            dict(type='PackViews'),
        ],
        data_root=str(tmp_path),
        endings=['.npz'],
        test_mode=True,
    )
    assert len(dataset) == 3
    first, second = (dataset[number]['inputs'][0].numpy() for number in (0, 1))
    assert first.shape == (3, 4, 20, 30)
    assert np.array_equal(first + np.uint8(1), second)
