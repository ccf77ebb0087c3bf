"""Shards give the samples that files give, and tell when they are damaged."""

import csv
import io
import pickle
import shutil
import zipfile

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from tests.shards import pack
from tests.test_datasets.test_video_dataset import PIPELINE
from vsslbox.datasets import EpochSampler, ShardDataset, VideoDataset
from vsslbox.datasets.readers import BaseReader, VideoError
from vsslbox.errors import InputError
from vsslbox.registry import TASK_UTILS
from vsslbox.structures import SampleKey

pytest.importorskip('pyarrow')


@pytest.fixture(scope='module')
def corpus(tmp_path_factory, video_folder):
    """Return a folder with a CSV list and two folders of videos, and its shards beside it."""
    root = tmp_path_factory.mktemp('corpus')
    with open(root / 'videos.csv', 'w', newline='') as file:
        writer = csv.writer(file)
        writer.writerow(['path', 'split', 'label', 'scene'])
        for number in range(8):
            split = 'train' if number < 6 else 'test'
            (root / split).mkdir(exist_ok=True)
            shutil.copy(video_folder / f'video{number}.mp4', root / split)
            label = ['run', 'walk', ''][number % 3]
            writer.writerow([f'{split}//video{number}.mp4', split, label, number])
    assert pack(root / 'videos.csv', root / 'shards', '--size', '50KB') == 0
    return root


def assert_same_samples(ours, others, keys):
    for key in keys:
        sample, other = ours[key], others[key]
        assert all(map(torch.equal, sample['inputs'], other['inputs']))
        meta, expected = (one['data_samples'].metainfo for one in (sample, other))
        assert meta.pop('filename') != expected.pop('filename')
        for view, its in zip(meta.pop('views'), expected.pop('views'), strict=True):
            assert np.array_equal(view['frame_indices'], its['frame_indices'])
        assert meta == expected
        assert sample['data_samples'].get('gt_label') == other['data_samples'].get('gt_label')


@pytest.mark.slow
@pytest.mark.parametrize(
    'options',
    [
        dict(ann_file='videos.csv'),
        dict(ann_file='videos.csv', where=dict(split='train')),
        dict(ann_file='videos.csv', label='scene', where=dict(split=['test'], scene=7)),
        dict(),
        dict(data_prefix=dict(video='train')),
    ],
    ids=str,
)
def test_a_config_for_files_reads_shards(corpus, options):
    files = VideoDataset(data_root=str(corpus), pipeline=PIPELINE, **options)
    shards = ShardDataset(data_root=str(corpus / 'shards'), pipeline=PIPELINE, **options)
    assert len(shards) == len(files)
    assert shards.list_hash() == files.list_hash()
    assert shards.metainfo == files.metainfo and shards.label_counts == files.label_counts
    keys = [SampleKey(index, 3, 5) for index in range(len(files))]
    assert_same_samples(shards, files, keys)


@pytest.mark.parametrize('text', ['video1.mp4 3\nvideo0.mp4 1\n', 'video1.mp4 3 1\nvideo0.mp4 1\n'])
def test_a_text_list(tmp_path, video_folder, text):
    (tmp_path / 'list.txt').write_text(text)
    pack(tmp_path / 'list.txt', tmp_path / 'shards', '--data-root', video_folder)
    pipeline = dict(PIPELINE, pack=dict(type='PackViews'))
    root = dict(data_prefix=dict(video=str(video_folder)), data_root=str(tmp_path))
    files = VideoDataset('list.txt', pipeline, **root)
    shards = ShardDataset('list.txt', pipeline, data_root=tmp_path / 'shards')
    for index in range(2):
        info, expected = shards.get_data_info(index), files.get_data_info(index)
        assert (info['attributes'], info['label']) == (expected['attributes'], expected['label'])
    assert_same_samples(shards, files, [0, 1])


def test_another_list_of_the_same_videos(tmp_path, corpus):
    path = tmp_path / 'few.csv'
    path.write_text('path,label\n./video7.mp4,b\nvideo6.mp4,a\n')
    options = dict(data_prefix=dict(video='test'), pipeline=PIPELINE)
    files = VideoDataset(str(path), data_root=str(corpus), **options)
    shards = ShardDataset(str(path), data_root=str(corpus / 'shards'), **options)
    assert_same_samples(shards, files, [0, 1])
    with pytest.raises(FileNotFoundError, match=r'2 of 2 .* such as train/video0.mp4; set `data_p'):
        ShardDataset(str(path), data_root=str(corpus / 'shards'))
    for name in ('other.csv', 'elsewhere/videos.csv', '/videos.csv'):  # of another split, perhaps
        with pytest.raises(FileNotFoundError, match=r"no list of videos .* is 'videos.csv'"):
            ShardDataset(name, data_root=str(corpus / 'shards'))


def test_a_list_beside_the_shards_replaces_the_packed_one(tmp_path, corpus):
    shutil.copytree(corpus / 'shards', tmp_path / 'shards')
    (tmp_path / 'shards/videos.csv').write_text('path,label\ntest/video7.mp4,b\n')
    assert len(ShardDataset('videos.csv', data_root=tmp_path / 'shards')) == 1
    assert len(ShardDataset('videos.csv', data_root=corpus / 'shards')) == 8


def test_a_list_in_a_folder_keeps_its_place(tmp_path, video_folder):
    (tmp_path / 'lists').mkdir()
    (tmp_path / 'videos').symlink_to(video_folder)
    (tmp_path / 'lists/train.csv').write_text('path,label\nvideos/video2.mp4,b\n')
    pack(tmp_path / 'lists/train.csv', tmp_path / 'shards', '--data-root', tmp_path)
    assert len(ShardDataset('./lists/train.csv', data_root=tmp_path / 'shards')) == 1
    with pytest.raises(FileNotFoundError, match=r"the list that was packed is 'lists/train.csv'"):
        ShardDataset('train.csv', data_root=tmp_path / 'shards')


def test_class_names_are_numbered_again(corpus):
    shards = ShardDataset('videos.csv', data_root=corpus / 'shards', where=dict(scene=[0, 1]))
    assert [shards.get_data_info(index)['label'] for index in range(2)] == [0, 1]
    shards.number_by(['walk', 'run'], 'a model')
    assert [shards.get_data_info(index)['label'] for index in range(2)] == [1, 0]
    assert len(shards.get_data_info(0)['source'].open().read()) > 0


def test_workers_of_every_kind_read_the_same(corpus):
    dataset = ShardDataset(data_root=corpus / 'shards', pipeline=PIPELINE)
    batches = []
    for workers in (0, 2):
        loader = DataLoader(
            dataset, 2, sampler=EpochSampler(dataset, seed=1), num_workers=workers, collate_fn=list
        )
        batches.append([sample['inputs'] for batch in loader for sample in batch])
    for views, others in zip(*batches, strict=True):
        assert all(map(torch.equal, views, others))
    copied = pickle.loads(pickle.dumps(dataset))  # as for workers that are started afresh
    assert_equal = zip(copied[3]['inputs'], dataset[3]['inputs'])
    assert all(torch.equal(view, other) for view, other in assert_equal)


@pytest.mark.parametrize('reader', ['pyav', 'decord', 'torchcodec'])
def test_every_decoder_reads_from_a_shard(corpus, reader):
    if reader == 'torchcodec':
        pytest.importorskip('torchcodec.decoders')
    pipeline = dict(PIPELINE, open=dict(type='OpenVideo', readers=[reader]))
    files = VideoDataset(data_root=str(corpus), pipeline=pipeline, test_mode=True)
    shards = ShardDataset(data_root=corpus / 'shards', pipeline=pipeline, test_mode=True)
    assert_same_samples(shards, files, [SampleKey(2)])


@pytest.mark.slow
def test_images_and_zips_of_images_in_shards(tmp_path):
    rng = np.random.default_rng(0)
    images = [cv2.imencode('.png', rng.integers(0, 256, (40, 50, 3), np.uint8))[1] for _ in 'abcd']
    (tmp_path / 'videos').mkdir()
    (tmp_path / 'videos/a.png').write_bytes(images[0])
    with zipfile.ZipFile(tmp_path / 'videos/b.zip', 'w') as file:
        for number, image in enumerate(images):
            file.writestr(f'{number}.png', image.tobytes())
    pack(tmp_path / 'videos', tmp_path / 'shards', '--endings', '.zip', '.png')
    for reader in ('zip', 'image'):
        ending = dict(zip='.zip', image='.png')[reader]
        options = dict(
            endings=[ending],
            pipeline=dict(
                PIPELINE,
                open=dict(type='OpenVideo', readers=[reader]),
                sample=dict(type='SampleRandomClip', clip_len=4),
            ),
            test_mode=True,
        )
        files = VideoDataset(data_root=str(tmp_path / 'videos'), **options)
        shards = ShardDataset(data_root=tmp_path / 'shards', **options)
        assert_same_samples(shards, files, [SampleKey(0)])


def test_a_reader_that_reads_files_only_is_named(corpus):
    class FilesOnly(BaseReader):
        def __init__(self, path):
            pass

        def read(self, indices):
            return []

        def close(self):
            pass

    TASK_UTILS.register_module('files_only', module=FilesOnly)
    pipeline = [dict(type='OpenVideo', readers=['files_only'])]
    dataset = ShardDataset(data_root=corpus / 'shards', pipeline=pipeline)
    try:
        with pytest.raises(InputError, match="'files_only' reads files only"):
            dataset[0]
    finally:
        TASK_UTILS._module_dict.pop('files_only')


@pytest.mark.slow
def test_bad_videos_are_replaced_as_among_files(tmp_path, corpus):
    (tmp_path / 'bad').mkdir()
    for number in range(4):
        shutil.copy(next(corpus.glob(f't*/video{number}.mp4')), tmp_path / 'bad')
    (tmp_path / 'bad/video1.mp4').write_bytes(b'')
    (tmp_path / 'bad/video2.mp4').write_bytes(b'no video')
    pack(tmp_path / 'bad', tmp_path / 'shards')
    files = VideoDataset(data_root=str(tmp_path / 'bad'), pipeline=PIPELINE)
    shards = ShardDataset(data_root=tmp_path / 'shards', pipeline=PIPELINE)
    for index in range(4):
        sample, other = shards[SampleKey(index, 1)], files[SampleKey(index, 1)]
        assert all(map(torch.equal, sample['inputs'], other['inputs']))
        bad, expected = (one['data_samples'].bad_videos for one in (sample, other))
        root = f'{tmp_path}/shards/shard-000000.tar/'
        names = [path.removeprefix(root) for path, _ in bad]
        assert names == [path.removeprefix(f'{tmp_path}/bad/') for path, _ in expected]


def damaged(corpus, tmp_path):
    shutil.copytree(corpus / 'shards', tmp_path / 'shards')
    return tmp_path / 'shards'


def test_a_missing_or_cut_shard_is_told_at_the_start(tmp_path, corpus):
    folder = damaged(corpus, tmp_path)
    path = folder / 'shard-000001.tar'
    path.write_bytes(path.read_bytes()[:-512])
    with pytest.raises(
        InputError, match=r'1 of \d shards .* first shard-000001.tar with \d+ bytes'
    ):
        ShardDataset(data_root=folder)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r'1 of \d shards in .* first shard-000001.tar'):
        ShardDataset(data_root=folder)


def test_a_shard_that_changes_later_is_a_bad_video(tmp_path, corpus):
    folder = damaged(corpus, tmp_path)
    dataset = ShardDataset(data_root=folder, pipeline=PIPELINE, test_mode=True)
    path = folder / dataset.get_data_info(0)['source'].shard
    content = path.read_bytes()
    for change in (content[:1000], content[512:] + bytes(512), b''):
        path.write_bytes(change)
        with pytest.raises(VideoError, match=r'has no member 000000006\.mp4 .* another packing'):
            dataset[0]
    path.unlink()
    with pytest.raises(VideoError, match=r'test/video6\.mp4: No such file'):
        dataset[0]


def test_a_shard_of_another_packing(tmp_path, corpus):
    folder = damaged(corpus, tmp_path)
    content = (folder / 'shard-000000.tar').read_bytes()
    size = (folder / 'shard-000001.tar').stat().st_size
    (folder / 'shard-000001.tar').write_bytes(content[:size].ljust(size, b'\0'))
    dataset = ShardDataset(data_root=folder, pipeline=PIPELINE, test_mode=True)
    shards = [dataset.get_data_info(index)['source'].shard for index in range(8)]
    with pytest.raises(VideoError, match='of another packing than the index'):
        dataset[shards.index('shard-000001.tar')]


@pytest.mark.parametrize('kind', ['cut', 'empty', 'changed', 'other', 'outside', 'none'])
def test_a_torn_or_foreign_index(tmp_path, corpus, kind):
    import pyarrow as pa
    from pyarrow import parquet

    folder = damaged(corpus, tmp_path)
    path = folder / 'index.parquet'
    error, match = InputError, 'index.parquet cannot be read'
    if kind == 'cut':
        path.write_bytes(path.read_bytes()[:-100])
    elif kind == 'empty':
        path.write_bytes(b'')
    elif kind == 'changed':
        content = path.read_bytes()
        place = content.index(b'train/')  # in the page of the paths
        path.write_bytes(content[:place] + b'brain/' + content[place + 6 :])
    elif kind == 'other':
        parquet.write_table(pa.table(dict(path=['a'])), path)
        match = 'is no index of shards'
    elif kind == 'outside':
        table = parquet.read_table(path)
        outside = pa.array(['../shard-000000.tar'] * len(table))
        parquet.write_table(table.set_column(0, 'shard', outside), path)
    else:
        path.unlink()
        error, match = FileNotFoundError, 'no index of shards at .*index.parquet'
    with pytest.raises(error, match=match):
        ShardDataset(data_root=folder)


def test_wrong_arguments(corpus):
    with pytest.raises(InputError, match='set `data_root`'):
        ShardDataset()
    with pytest.raises(InputError, match='`cache` and `storage_options` are for an address'):
        ShardDataset(data_root=corpus / 'shards', cache=dict(folder='x', size='1GB'))
    with pytest.raises(InputError, match=r"no videos in .* below 'val/'"):
        ShardDataset(data_root=corpus / 'shards', data_prefix=dict(video='val'))


def test_a_range_is_a_file_of_its_own(tmp_path):
    from vsslbox.datasets.readers import FileRange

    (tmp_path / 'file').write_bytes(bytes(range(100)))
    with FileRange(tmp_path / 'file', 10, 20, 'a.mp4') as file:
        assert file.name == 'a.mp4'
        assert file.read() == bytes(range(10, 30)) and file.read(5) == b''
        assert file.seek(-3, io.SEEK_END) == 17 and file.read(100) == bytes([27, 28, 29])
        assert file.seek(2) == 2 and file.seek(1, io.SEEK_CUR) == file.tell() == 3
        assert file.read(2) == bytes([13, 14])
        assert file.seek(50) == 50 and file.read() == b''
        assert file.seek(-21, io.SEEK_END) == 0
