"""Images in class folders, as static videos."""

import cv2
import numpy as np
import pytest

from tests.pictures import texture
from vsslbox.datasets import ImageFolderDataset
from vsslbox.datasets.readers import ImageReader, VideoError
from vsslbox.registry import TASK_UTILS
from vsslbox.structures import SampleKey

PIPELINE = dict(
    open=dict(type='OpenVideo', readers=['image']),
    sample=dict(type='SampleRandomClip', clip_len=16),
    decode=dict(type='DecodeViews'),
    augment=dict(type='AugmentViews', transforms=[dict(type='RandomResizedCrop', size=24)]),
    pack=dict(type='PackViews'),
)
IMAGES = ('dog/b.JPEG', 'ant/c.png', 'ant/a.jpg', 'cow 2/deep/d.jpeg', 'dog/._b.JPEG', 'dog/e.txt')


@pytest.fixture
def folder(tmp_path):
    """A folder of four images in three classes, other files, and an empty class."""
    for seed, name in enumerate(IMAGES):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith('txt') or '._' in name:
            (tmp_path / name).write_text('no image')
        else:
            cv2.imwrite(str(tmp_path / name), texture(48, 60, seed))
    (tmp_path / 'bee').mkdir()
    return tmp_path


def entries(dataset):
    return [dataset.get_data_info(index) for index in range(len(dataset))]


def labels(dataset):
    return {entry['attributes']['name']: entry['label'] for entry in entries(dataset)}


def test_classes_are_numbered_by_their_folders(folder):
    dataset = ImageFolderDataset(data_root=str(folder))
    assert labels(dataset) == {
        'ant/a.jpg': 0,
        'ant/c.png': 0,
        'cow 2/deep/d.jpeg': 2,
        'dog/b.JPEG': 3,
    }
    assert list(labels(dataset)) == sorted(labels(dataset))
    assert dataset.metainfo['classes'] == ['ant', 'bee', 'cow 2', 'dog']
    first = entries(dataset)[0]
    assert first['filename'] == str(folder / 'ant/a.jpg')
    assert first['attributes'] == dict(name='ant/a.jpg', label=0)
    given = ImageFolderDataset(
        data_root=str(folder.parent),
        data_prefix=dict(img=folder.name),
        metainfo=dict(classes=['dog', 'cow 2', 'ant']),
    )
    assert list(labels(given).values()) == [2, 2, 1, 0]


def test_a_text_list(folder):
    (folder / 'list.txt').write_text('cow 2/deep/d.jpeg 7\nant/a.jpg 1\n')
    dataset = ImageFolderDataset('list.txt', data_root=str(folder))
    assert labels(dataset) == {'cow 2/deep/d.jpeg': 7, 'ant/a.jpg': 1}


@pytest.mark.parametrize('sampler', ['SampleRandomClip', 'SampleUniformClips'])
def test_an_image_is_repeated_over_the_clip(folder, sampler):
    sample = dict(PIPELINE['sample'], type=sampler)
    if sampler == 'SampleUniformClips':
        sample['num_clips'] = 1
    pipeline = dict(PIPELINE, sample=sample, augment=None)
    packed = ImageFolderDataset(data_root=str(folder), pipeline=pipeline)[1]
    (clip,) = packed['inputs']
    image = cv2.imread(str(folder / 'ant/c.png'))[..., ::-1]
    assert clip.shape == (3, 16, 48, 60)
    for frame in range(16):
        assert np.array_equal(clip[:, frame].permute(1, 2, 0).numpy(), image)
    assert packed['data_samples'].gt_labels.item.tolist() == [0]


def test_all_frames_are_augmented_alike(folder):
    (clip,) = ImageFolderDataset(data_root=str(folder), pipeline=PIPELINE)[0]['inputs']
    assert clip.shape == (3, 16, 24, 24)
    assert (clip == clip[:, :1]).all()


def test_a_bad_image_is_replaced_and_noted(folder):
    bad = folder / 'bee/bad.jpg'
    bad.write_text('no image')
    dataset = ImageFolderDataset(data_root=str(folder), pipeline=PIPELINE)
    index = list(labels(dataset)).index('bee/bad.jpg')
    for epoch in range(5):
        sample = dataset[SampleKey(index, epoch)]['data_samples']
        ((path, reason),) = dict(sample.bad_videos).items()
        assert path == str(bad)
        assert 'image cannot be decoded' in reason
        assert sample.filename != str(bad)
    testing = ImageFolderDataset(data_root=str(folder), pipeline=PIPELINE, test_mode=True)
    with pytest.raises(VideoError, match=r'bad\.jpg'):
        testing[index]


def test_reader(folder):
    reader = TASK_UTILS.build(dict(type='image', path=str(folder / 'ant/a.jpg')))
    assert isinstance(reader, ImageReader)
    assert (reader.num_frames, reader.fps) == (1, 0.0)
    (image,) = reader.read([0])
    assert np.array_equal(image, cv2.imread(str(folder / 'ant/a.jpg'))[..., ::-1])
    reader.close()
    with pytest.raises(VideoError, match=r'gone\.jpg: image is missing'):
        ImageReader(str(folder / 'gone.jpg')).read([0])


def test_errors(folder):
    root = str(folder)
    with pytest.raises(ValueError, match=r'ant/a.jpg in .* is not in the folder of a class'):
        ImageFolderDataset(data_root=root, metainfo=dict(classes=['dog']))
    with pytest.raises(
        ValueError, match=r'a.jpg in .*ant.* is not in the folder of a class; .*list'
    ):
        ImageFolderDataset(data_root=str(folder / 'ant'))
    with pytest.raises(ValueError, match=r'no images in .*bee.*: looked for .* \.jpeg, '):
        ImageFolderDataset(data_root=str(folder / 'bee'))
    with pytest.raises(ValueError, match=r'must be dict\(img=...\)'):
        ImageFolderDataset(data_root=root, data_prefix=dict(video=''))
    for line in ('ant/a.jpg', 'ant/a.jpg ant'):
        (folder / 'list.txt').write_text(f'{line}\n')
        with pytest.raises(ValueError, match=rf"list.txt:1: '{line}' is not `path label`"):
            ImageFolderDataset('list.txt', data_root=root)
