"""What readers refuse: special files, frames that are too large, and broken files of every kind."""

import os
import resource
import socket
import struct
import zipfile
import zlib
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.distributed import FORKS
from vsslbox.datasets.readers import (
    DecordReader,
    FallbackReader,
    FramesReader,
    ImageReader,
    NpzReader,
    PyAVReader,
    TooLargeError,
    VideoError,
    ZipReader,
)
from vsslbox.datasets.readers.images import image_size
from vsslbox.datasets.readers.limits import FRAME_PIXELS, VIDEO_BYTES
from vsslbox.errors import InputError

NOISE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
ENDINGS = ['.png', '.jpg', '.webp']


def encoded(ending, image=NOISE):
    return cv2.imencode(ending, image)[1].tobytes()


def zipped(path, entries, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, 'w', compression) as packed:
        for name, content in entries:
            packed.writestr(name, content)
    return str(path)


def png_header(height, width):
    """Return a PNG of a few bytes that announces a size."""
    header = b'IHDR' + struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    data = b'IDAT' + zlib.compress(bytes(1000))
    chunks = (
        struct.pack('>I', len(c) - 4) + c + struct.pack('>I', zlib.crc32(c)) for c in (header, data)
    )
    return b'\x89PNG\r\n\x1a\n' + b''.join(chunks)


@pytest.mark.parametrize('reader', [PyAVReader, DecordReader, ZipReader, NpzReader, ImageReader])
@pytest.mark.parametrize(
    ('kind', 'message'),
    [
        ('pipe', 'is a named pipe, not a regular file'),
        ('socket', 'is a socket, not'),
        ('device', 'is a character device, not'),
        ('folder', 'is a folder, not'),
    ],
)
def test_special_files_are_refused(tmp_path, monkeypatch, reader, kind, message):
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    server = socket.socket(socket.AF_UNIX)
    if kind == 'pipe':
        os.mkfifo('special')
    elif kind == 'socket':
        server.bind('special')
    elif kind == 'folder':
        Path('special').mkdir()
    else:
        Path('special').symlink_to('/dev/zero')
    with server, pytest.raises(VideoError, match=message):
        reader('special').read([0])


def test_links_to_files_are_read(video_folder, tmp_path):
    (tmp_path / 'link.mp4').symlink_to(video_folder / 'video0.mp4')
    assert PyAVReader(str(tmp_path / 'link.mp4')).num_frames == 24


def test_a_pipe_among_frames(tmp_path):
    os.mkfifo(tmp_path / 'img_00001.jpg')
    with pytest.raises(VideoError, match=r'img_00001.jpg is missing.*is a named pipe'):
        FramesReader(str(tmp_path), 1).read([0])


@pytest.mark.parametrize('size', [(20, 30), (1, 300), (300, 1), (257, 1023)])
def test_sizes_in_headers(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    for ending in ENDINGS:
        assert image_size(encoded(ending, image)) == size
    lossless = cv2.imencode('.webp', image, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()
    assert image_size(lossless) == size
    alpha = np.dstack([image, image[..., 0]])
    extended = cv2.imencode('.webp', alpha, [cv2.IMWRITE_WEBP_QUALITY, 50])[1].tobytes()
    assert image_size(extended) == size
    progressive = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    assert image_size(progressive) == size
    assert image_size(encoded('.bmp', image)) == (0, 0)


def open_image(kind, content, folder):
    """Return a reader of one image in a file, a folder or a zip."""
    if kind == 'zip':
        return ZipReader(zipped(folder / 'v.zip', [('1.png', content)], zipfile.ZIP_DEFLATED))
    (folder / '1.png').write_bytes(content)
    if kind == 'image':
        return ImageReader(str(folder / '1.png'))
    return FramesReader(str(folder), 1, '{}.png')


@pytest.mark.parametrize('kind', ['image', 'frames', 'zip'])
def test_large_images_are_refused_by_their_headers(tmp_path, monkeypatch, kind):
    content = png_header(30000, 20000)
    monkeypatch.setattr(cv2, 'imdecode', None)  # would allocate the image
    with pytest.raises(TooLargeError, match=r'20000 x 30000 .*VSSLBOX_MAX_FRAME_PIXELS raises'):
        open_image(kind, content, tmp_path).read([0])


@pytest.mark.parametrize('kind', ['image', 'frames', 'zip'])
def test_limits_can_be_changed(tmp_path, monkeypatch, kind):
    reader = open_image(kind, encoded('.png'), tmp_path)
    assert reader.read([0])[0].shape == NOISE.shape
    monkeypatch.setenv(FRAME_PIXELS.variable, '599')
    with pytest.raises(TooLargeError, match='larger than 599 pixels'):
        reader.read([0])
    monkeypatch.setenv(FRAME_PIXELS.variable, '600')
    monkeypatch.setenv(VIDEO_BYTES.variable, '1799')
    with pytest.raises(TooLargeError, match='more than 1799'):
        reader.read([0])
    monkeypatch.setenv(VIDEO_BYTES.variable, '1GiB')
    with pytest.raises(InputError, match=r'VSSLBOX_MAX_VIDEO_BYTES must be a positive integer'):
        reader.read([0])


@pytest.mark.parametrize('reader', [PyAVReader, DecordReader])
def test_large_videos_are_refused(video_folder, monkeypatch, reader):
    path = str(video_folder / 'video0.mp4')
    height, width = PyAVReader(path).read([0])[0].shape[:2]
    monkeypatch.setenv(VIDEO_BYTES.variable, str(3 * height * width * 5))
    assert len(reader(path).read(range(5))) == 5
    with pytest.raises(TooLargeError, match=f'6 frames of {width} x {height} pixels need more'):
        reader(path).read(range(6))
    monkeypatch.setenv(FRAME_PIXELS.variable, str(height * width - 1))
    with pytest.raises(TooLargeError, match='pixels are larger than'):
        reader(path).read([0])


def test_no_other_reader_is_tried_for_large_videos(video_folder, monkeypatch):
    reader = FallbackReader(str(video_folder / 'video0.mp4'), ['pyav', 'decord'])
    monkeypatch.setenv(VIDEO_BYTES.variable, '1000')
    with pytest.raises(TooLargeError):
        reader.read([0])
    monkeypatch.setenv(FRAME_PIXELS.variable, '1000')
    with pytest.raises(TooLargeError):
        FallbackReader(str(video_folder / 'video0.mp4'), ['pyav', 'decord'])


def test_frames_larger_than_the_header_says(tmp_path, monkeypatch):
    """The container announces 32 x 32 pixels, the coded frames have 640 x 480."""
    path = tmp_path / 'v.mp4'
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=25)
        stream.height, stream.width, stream.pix_fmt = 480, 640, 'yuv420p'
        for _ in range(3):
            image = av.VideoFrame.from_ndarray(np.zeros((480, 640, 3), np.uint8), format='rgb24')
            container.mux(stream.encode(image))
        container.mux(stream.encode())
    data = path.read_bytes()
    assert data.count(struct.pack('>HH', 640, 480)) == 1  # of the sample entry
    path.write_bytes(data.replace(struct.pack('>HH', 640, 480), struct.pack('>HH', 32, 32)))
    assert PyAVReader(str(path)).read([0])[0].shape == (480, 640, 3)
    monkeypatch.setenv(VIDEO_BYTES.variable, str(3 * 480 * 640 * 2))
    assert len(PyAVReader(str(path)).read([0, 1])) == 2
    with pytest.raises(TooLargeError, match='3 frames of 640 x 480'):
        PyAVReader(str(path)).read([0, 1, 2])
    monkeypatch.setenv(FRAME_PIXELS.variable, '10000')
    with pytest.raises(VideoError):
        PyAVReader(str(path)).read([0])


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def tell_peak(queue, path):
    """Put the message with which a file is refused, and the memory in MiB that it took."""
    before = peak()
    with pytest.raises(VideoError) as refused:
        ZipReader(path).read([0])
    queue.put((str(refused.value), peak() - before))


def memory_for(path):
    """Return the message and the memory in MiB with which a new process refuses a file."""
    queue = FORKS.SimpleQueue()
    process = FORKS.Process(target=tell_peak, args=(queue, path))
    process.start()
    process.join()
    assert process.exitcode == 0
    return queue.get()


def test_a_zip_that_unpacks_to_more_than_it_says(tmp_path):
    """200 KB that inflate to 200 MB, with a size of 1 KB in both headers."""
    path = zipped(tmp_path / 'v.zip', [('1.png', bytes(200 * 2**20))], zipfile.ZIP_DEFLATED)
    data = Path(path).read_bytes()
    Path(path).write_bytes(data.replace(struct.pack('<I', 200 * 2**20), struct.pack('<I', 1000)))
    message, peak = memory_for(path)
    assert 'v.zip: image 1.png cannot be read: Bad CRC-32' in message
    assert peak < 50


def test_a_zip_of_a_large_file(tmp_path, monkeypatch):
    path = zipped(tmp_path / 'v.zip', [('1.png', bytes(2**20))], zipfile.ZIP_DEFLATED)
    monkeypatch.setenv(VIDEO_BYTES.variable, str(2**20 - 1))
    with pytest.raises(TooLargeError, match=f'image 1.png has {2**20} bytes, more than'):
        ZipReader(path).read([0])


def test_a_zip_whose_contents_take_more_than_the_file_has(tmp_path):
    path = Path(zipped(tmp_path / 'v.zip', [('1.png', b'')]))
    data = bytearray(path.read_bytes())
    data[-10:-6] = struct.pack('<I', 2**31)  # the size of the table of contents
    path.write_bytes(bytes(2**12) + data)
    with pytest.raises(VideoError, match=r'v.zip: .*'):
        ZipReader(str(path))


@pytest.mark.parametrize('compression', [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_without_a_limit_of_memory(tmp_path, compression):
    path = zipped(tmp_path / 'v.zip', [('1.png', encoded('.png'))], compression)
    with pytest.raises(VideoError, match=r'1.png is compressed by method 1[24]: use zip -0'):
        ZipReader(path).read([0])


@pytest.mark.parametrize('num_digits', [5000, 30000])
def test_numbers_of_thousands_of_digits(tmp_path, num_digits):
    names = ['2.png', f'{"1" * num_digits}.png', '10.png']
    path = zipped(
        tmp_path / 'v.zip', [(n, encoded('.png', NOISE[i:])) for i, n in enumerate(names)]
    )
    heights = [image.shape[0] for image in ZipReader(path).read(range(3))]
    assert heights == [20, 18, 19]


def mutated(content, rng):
    """Return a copy with a few bytes changed, or a piece cut, repeated or made extreme."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(len(data)))
        kind = rng.integers(5)
        if kind == 0:
            data[at] ^= 1 << rng.integers(8)
        elif kind == 1:
            data[at] = rng.integers(256)
        elif kind == 2:
            data[at : at + 4] = rng.choice([b'\xff' * 4, b'\0' * 4, b'\x7f\xff\xff\xff'])
        elif kind == 3:
            del data[at : at + int(rng.integers(1, 20))]
        else:
            data[at:at] = data[at : at + int(rng.integers(1, 20))]
        data = data or bytearray(b'\0')
    return bytes(data)


def mutate_and_read(folder, kind, ending, number, seed=0):
    """Return how many mutated files are read, and how many raise VideoError."""
    rng = np.random.default_rng(seed)
    image = encoded(ending, NOISE[:6, :6])
    whole = image
    if kind == 'zip':
        entries = [(f'é{i}{ending}', image) for i in (1, 2, 10)]
        whole = Path(zipped(folder / 'v.zip', entries, zipfile.ZIP_DEFLATED)).read_bytes()
    path = folder / f'v{ending if kind != "zip" else ".zip"}'
    outcomes = {True: 0, False: 0}
    for _ in range(number):
        path.write_bytes(mutated(whole, rng))
        try:
            if kind == 'frames':
                reader = FramesReader(str(folder), 1, path.name)
            else:
                reader = dict(image=ImageReader, zip=ZipReader)[kind](str(path))
            frames = reader.read(range(reader.num_frames))
            assert all(f.dtype == np.uint8 and f.ndim == 3 for f in frames)
            reader.close()
            outcomes[True] += 1
        except VideoError as error:
            assert str(path if kind != 'frames' else folder) in str(error)
            outcomes[False] += 1
    return outcomes


@pytest.mark.parametrize('ending', ENDINGS)
@pytest.mark.parametrize('kind', ['zip', 'image', 'frames'])
def test_mutated_files_are_read_or_refused(tmp_path, kind, ending, monkeypatch):
    monkeypatch.setenv(FRAME_PIXELS.variable, str(2**18))
    outcomes = mutate_and_read(tmp_path, kind, ending, 200)
    assert outcomes[False] > 20


@pytest.mark.slow
@pytest.mark.parametrize('ending', ENDINGS)
@pytest.mark.parametrize('kind', ['zip', 'image', 'frames'])
def test_many_mutated_files_are_read_or_refused(tmp_path, kind, ending, monkeypatch):
    monkeypatch.setenv(FRAME_PIXELS.variable, str(2**18))
    outcomes = mutate_and_read(tmp_path, kind, ending, 3000, seed=1)
    print(f'{kind} {ending}: {outcomes}')
    assert outcomes[False] > 300
