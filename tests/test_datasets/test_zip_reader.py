"""Zip files of frames, one for each video."""

import zipfile

import cv2
import numpy as np
import pytest

from vsslbox.datasets import VideoDataset
from vsslbox.datasets.readers import VideoError, ZipReader
from vsslbox.registry import TASK_UTILS


def encoded(image, ending='.png'):
    return cv2.imencode(ending, image[..., ::-1])[1].tobytes()


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (12, 20, 30, 3), dtype=np.uint8)


def write_zip(path, entries, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, 'w', compression) as packed:
        for name, content in entries:
            packed.writestr(name, content)
    return str(path)


@pytest.mark.parametrize('compression', [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_images_come_in_the_order_of_their_numbers(tmp_path, images, compression):
    """They are packed in random order, with numbers of one and two digits."""
    order = [7, 10, 0, 3, 11, 1, 9, 2, 8, 4, 6, 5]
    entries = [(f'a1/frame{i}.PNG', encoded(images[i])) for i in order]
    reader = ZipReader(write_zip(tmp_path / 'v.zip', entries, compression))
    assert (reader.num_frames, reader.fps) == (12, 0)
    read = reader.read([0, 2, 9, 10])
    assert np.array_equal(read, images[[0, 2, 9, 10]])
    assert all(image.flags.c_contiguous and image.dtype == np.uint8 for image in read)
    reader.close()


def test_kinds_of_images_and_other_entries(tmp_path, images):
    entries = [
        ('notes.txt', b'no image'),
        ('__MACOSX/._1.jpg', b'no image'),
        ('empty.jpg/', b''),
        ('1.jpg', encoded(images[0], '.jpg')),
        ('2.jpeg', encoded(images[1], '.jpg')),
        ('3.png', encoded(images[2])),
        ('4.webp', cv2.imencode('.webp', images[3][..., ::-1], [64, 101])[1].tobytes()),
    ]
    reader = TASK_UTILS.build(
        dict(type='zip', path=write_zip(tmp_path / 'v.zip', [e for e in entries if e[1]]))
    )
    assert isinstance(reader, ZipReader)
    assert reader.num_frames == 4
    first, second, *lossless = reader.read(range(4))
    for image, name in ((first, '1.jpg'), (second, '2.jpeg')):
        content = np.frombuffer(dict(entries)[name], np.uint8)
        assert np.array_equal(image, cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1])
    assert np.array_equal(lossless, images[2:4])


def test_gray_images_become_rgb(tmp_path, images):
    gray = images[0, ..., 0]
    content = cv2.imencode('.png', gray)[1].tobytes()
    image = ZipReader(write_zip(tmp_path / 'v.zip', [('1.png', content)])).read([0])[0]
    assert np.array_equal(image, np.stack([gray] * 3, axis=-1))


def test_only_wanted_images_are_read(tmp_path, images):
    entries = [('1.png', encoded(images[0])), ('2.png', b'broken'), ('3.png', b'')]
    reader = ZipReader(write_zip(tmp_path / 'v.zip', entries))
    assert np.array_equal(reader.read([0])[0], images[0])
    for index, name in ((1, '2.png'), (2, '3.png')):
        with pytest.raises(VideoError, match=rf'v.zip: image {name} cannot be decoded'):
            reader.read([index])


def test_damaged_bytes_are_reported(tmp_path, images):
    content = encoded(images[0])
    path = write_zip(tmp_path / 'v.zip', [('1.png', content)])
    data = bytearray((tmp_path / 'v.zip').read_bytes())
    data[data.find(content) + len(content) // 2] ^= 255
    (tmp_path / 'v.zip').write_bytes(data)
    with pytest.raises(VideoError, match=r'v.zip: image 1.png cannot be read: .*CRC'):
        ZipReader(path).read([0])


@pytest.mark.parametrize(
    ('content', 'message'),
    [(b'text', 'not a zip'), (b'', 'not a zip'), (None, 'No such file')],
)
def test_not_a_zip(tmp_path, content, message):
    if content is not None:
        (tmp_path / 'v.zip').write_bytes(content)
    with pytest.raises(VideoError, match=rf'v.zip: .*{message}'):
        ZipReader(str(tmp_path / 'v.zip'))


def test_no_images(tmp_path):
    path = write_zip(tmp_path / 'v.zip', [('notes.txt', b'no image')])
    with pytest.raises(VideoError, match=r'v.zip: holds no images \(.jpeg, .jpg, .png, .webp\)'):
        ZipReader(path)


PIPELINE = [
    dict(type='OpenVideo', readers=['zip']),
    dict(type='SampleEndToEndFrames', num_frames=3),
    dict(type='DecodeViews'),
    dict(type='PackViews'),
]


def test_data_set_of_zips(tmp_path, images):
    (tmp_path / 'walk').mkdir()
    (tmp_path / 'other.mp4').touch()
    entries = [(f'{i}.png', encoded(image)) for i, image in enumerate(images)]
    write_zip(tmp_path / 'walk' / 'a.ZIP', entries)
    write_zip(tmp_path / 'b.zip', entries[:3])
    dataset = VideoDataset(data_root=str(tmp_path), pipeline=PIPELINE, endings=['.zip'])
    names = [dataset.get_data_info(index)['attributes']['name'] for index in range(len(dataset))]
    assert names == ['b.zip', 'walk/a.ZIP']
    view = dataset[0]['inputs'][0].numpy()  # [C, T, H, W]
    assert np.array_equal(view.transpose(1, 2, 3, 0), images[:3])
    plain = VideoDataset(data_root=str(tmp_path))
    assert [plain.get_data_info(0)['attributes']['name']] == ['other.mp4']


@pytest.mark.parametrize('endings', ['.zip', ['zip']])
def test_endings_must_be_a_list_of_them(tmp_path, endings):
    with pytest.raises(ValueError, match=r"`endings` must be a list such as \['.zip'\], got "):
        VideoDataset(data_root=str(tmp_path), endings=endings)
