"""Lists of videos in every form, errors in lists, and bad videos."""

import json
import shutil

import cv2
import numpy as np
import pytest

from vsslbox.datasets import RawframeDataset, VideoDataset
from vsslbox.datasets.readers import VideoError
from vsslbox.errors import InputError
from vsslbox.structures import SampleKey

PIPELINE = dict(
    open=dict(type='OpenVideo'),
    sample=dict(type='SampleSegmentTuples', num_segments=3),
    decode=dict(type='DecodeViews'),
    augment=dict(
        type='AugmentViews',
        transforms=[dict(type='RandomResizedCrop', size=32, consistent=False)],
    ),
    pack=dict(type='PackViews'),
)


def entries(dataset):
    return [dataset.get_data_info(index) for index in range(len(dataset))]


def names(dataset):
    return [entry['attributes']['name'] for entry in entries(dataset)]


def test_folder_without_a_list(tmp_path):
    videos = tmp_path / 'videos'
    for name in (
        'b/second.mp4',
        'a.MP4',
        'b/first.mkv',
        'notes.txt',
        '._a.mp4',
        'c.mp4/n.txt',
        '.d/e.mp4',
    ):
        (videos / name).parent.mkdir(exist_ok=True, parents=True)
        (videos / name).touch()
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'elsewhere/d.webm').touch()
    (videos / 'linked').symlink_to(tmp_path / 'elsewhere')
    dataset = VideoDataset(data_root=str(videos))
    assert names(dataset) == ['a.MP4', 'b/first.mkv', 'b/second.mp4', 'linked/d.webm']
    assert entries(dataset)[1]['filename'] == str(videos / 'b/first.mkv')
    assert 'label' not in entries(dataset)[0]
    below = VideoDataset(data_root=str(tmp_path), data_prefix=dict(video='videos/b'))
    assert names(below) == ['first.mkv', 'second.mp4']


@pytest.mark.slow
def test_text_lists(tmp_path):
    (tmp_path / 'videos').mkdir()
    for name in 'abc':
        (tmp_path / 'videos' / f'{name}.mp4').touch()

    def read(text, **kwargs):
        (tmp_path / 'list.txt').write_text(text, encoding='utf-8-sig')
        prefix = dict(video='videos')
        return VideoDataset('list.txt', data_root=str(tmp_path), data_prefix=prefix, **kwargs)

    dataset = read('a.mp4 3\n\nb.mp4 0\nc.mp4 1\n')
    assert names(dataset) == ['a.mp4', 'b.mp4', 'c.mp4']
    assert [entry['label'] for entry in entries(dataset)] == [3, 0, 1]
    assert entries(dataset)[0]['attributes'] == dict(name='a.mp4', label=3)
    assert entries(dataset)[0]['filename'] == str(tmp_path / 'videos/a.mp4')
    assert 'label' not in entries(read('a.mp4\nb.mp4\n'))[0]
    assert [entry['label'] for entry in entries(read('a.mp4,3\n', delimiter=','))] == [3]
    several = 'a.mp4 3\nc.mp4 1 4\n'
    assert [entry['label'] for entry in entries(read(several))] == [[3], [1, 4]]
    vectors = [
        entry['label'].tolist() for entry in entries(read(several, multi_class=True, num_classes=5))
    ]
    assert vectors == [[0, 0, 0, 1, 0], [0, 1, 0, 0, 1]]


@pytest.mark.slow
def test_csv_lists(tmp_path):
    for name in 'abc':
        (tmp_path / f'{name}.mp4').touch()
    (tmp_path / 'list.csv').write_text(
        'path,split,label,scene\na.mp4,train,walk,1\nb.mp4,test,run,2\nc.mp4,train,run,1\n'
    )
    dataset = VideoDataset('list.csv', data_root=str(tmp_path), where=dict(split='train'))
    assert names(dataset) == ['a.mp4', 'c.mp4']
    assert [entry['label'] for entry in entries(dataset)] == [1, 0]
    assert entries(dataset)[0]['attributes'] == dict(
        path='a.mp4', name='a.mp4', split='train', label='walk', scene=1
    )
    assert dataset.metainfo['classes'] == ['run', 'walk']
    several = dict(split=['test', 'val', 'train'], scene=[1, 3])
    assert names(VideoDataset('list.csv', data_root=str(tmp_path), where=several)) == [
        'a.mp4', 'c.mp4',
    ]  # fmt: skip
    by_scene = VideoDataset('list.csv', data_root=str(tmp_path), label='scene', where=dict(scene=2))
    assert [entry['label'] for entry in entries(by_scene)] == [2]
    given = VideoDataset(
        'list.csv', data_root=str(tmp_path), metainfo=dict(classes=['walk', 'stand', 'run'])
    )
    assert [entry['label'] for entry in entries(given)] == [0, 2, 2]


def test_csv_paths_may_hold_anything(tmp_path):
    name = 'a b, "c".mp4'
    (tmp_path / name).touch()
    (tmp_path / 'list.csv').write_text('path,note\n\n"a b, ""c"".mp4","two\nlines"\n')
    dataset = VideoDataset('list.csv', data_root=str(tmp_path))
    assert entries(dataset)[0]['filename'] == str(tmp_path / name)
    assert entries(dataset)[0]['attributes']['note'] == 'two\nlines'


def test_a_real_csv_list(data_root):
    options = dict(data_root=str(data_root / 'scenes2'), data_prefix=dict(video='videos_160p'))
    train, test = (
        VideoDataset('labels.csv', where=dict(suggested_split=split), **options)
        for split in ('train', 'test')
    )
    assert (len(train), len(test)) == (150, 75)
    assert train.metainfo['classes'] == test.metainfo['classes'] == ['fight', 'noFight']
    for entry in entries(test):
        assert entry['label'] == ['fight', 'noFight'].index(entry['attributes']['label'])
        assert isinstance(entry['attributes']['scene_group'], int)


@pytest.mark.slow
def test_lists_of_mmaction2(data_root):
    root = data_root / 'formats/mmaction2/tests/data'
    for name, label in (
        ('video_test_list.txt', 0),
        ('video_test_list_multi_label.txt', [0, 3]),
    ):
        dataset = VideoDataset(f'annotations/{name}', data_root=str(root))
        assert entries(dataset)[0]['label'] == label
        assert entries(dataset)[0]['filename'] == str(root / 'test.mp4')
    for name, options, label, num_frames in (
        ('rawframe_test_list.txt', {}, 127, 5),
        ('rawframe_test_list_multi_label.txt', {}, [1], 5),
        ('rawframe_test_list_with_offset.txt', dict(with_offset=True), 127, 5),
    ):
        dataset = RawframeDataset(f'annotations/{name}', data_root=str(root), **options)
        assert entries(dataset)[0]['label'] == label
        assert entries(dataset)[0]['total_frames'] == num_frames
        assert entries(dataset)[0]['frame_dir'] == str(root / 'imgs')
    assert entries(dataset)[0]['offset'] == 2


def test_real_frames_of_mmaction2(data_root):
    root = data_root / 'formats/mmaction2/tests/data'
    pipeline = dict(PIPELINE, open=dict(type='OpenFrames'))
    dataset = RawframeDataset(data_root=str(root), pipeline=pipeline)
    found = {entry['attributes']['name']: entry['total_frames'] for entry in entries(dataset)}
    assert found == {'imgs': 10}
    sample = dataset[SampleKey(0, epoch=1)]
    for view in sample['data_samples'].views:
        assert view['frame_indices'].max() < 10
    with_offset = RawframeDataset(
        'annotations/rawframe_test_list_with_offset.txt',
        data_root=str(root),
        with_offset=True,
        pipeline=dict(
            pipeline, sample=dict(type='SampleEndToEndFrames', num_frames=1), augment=None
        ),
    )
    image = cv2.imread(str(root / 'imgs/img_00003.jpg'))[..., ::-1]  # offset 2, counted from 1
    assert np.array_equal(with_offset[0]['inputs'][0][:, 0].permute(1, 2, 0).numpy(), image)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('a.mp4 0\na.mp4 walk\n', r"list.txt:2: 'a.mp4 walk' is not `path`, `path label`"),
        ('a b.mp4 1\n', r"list.txt:1: 'a b.mp4 1' is not .* separated by ' ' .*need a CSV list"),
        ('a.mp4 0\n\na.mp4\n', r"list.txt:3: 'a.mp4' is not like the lines before"),
        (
            'a.mp4 0\ngone.mp4 1\nlost/b.mp4 1\n',
            r'2 of 3 in .*list.txt do not exist; set `data_root` .*:\n.*gone.mp4\n.*lost/b.mp4$',
        ),
        (''.join(f'gone{i}.mp4 0\n' for i in range(9)), r'(?s)9 of 9 in .*gone4.mp4\n  \.\.\.$'),
        ('\n', r'list .*list.txt is empty'),
    ],
)
def test_broken_text_lists(tmp_path, text, message):
    (tmp_path / 'a.mp4').touch()
    (tmp_path / 'list.txt').write_text(text)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        VideoDataset('list.txt', data_root=str(tmp_path))


@pytest.mark.parametrize(
    ('text', 'where', 'message'),
    [
        ('file,label\na.mp4,1\n', {}, r"no column 'path'; it has \['file', 'label'\]"),
        ('path,label\na.mp4,1\n', dict(split='x'), r"no column 'split'"),
        ('path,split\na.mp4,y\n', dict(split='x'), r"no row .* has \{'split': 'x'\}"),
        ('path,split\na.mp4,Val\n', dict(split=['x', 'val']), r"split='Val', .* from 'val' in"),
        ('path,label\n\na.mp4\n', {}, r"list.csv:3: 'a.mp4' is not a row of the 2 columns"),
        ('path,label\n', {}, r'list.csv has no rows'),
    ],
)
def test_broken_csv_lists(tmp_path, text, where, message):
    (tmp_path / 'a.mp4').touch()
    (tmp_path / 'list.csv').write_text(text)
    with pytest.raises(ValueError, match=message):
        VideoDataset('list.csv', data_root=str(tmp_path), where=where)


def test_wrong_arguments(tmp_path):
    (tmp_path / 'a.mp4').touch()
    (tmp_path / 'list.csv').write_text('path,label\na.mp4,walk\n')
    (tmp_path / 'list.txt').write_text('a.mp4 1\n')
    (tmp_path / 'latin.txt').write_bytes('b\u00e4r.mp4 1\n'.encode('latin-1'))
    for ann_file, options, message in (
        ('list.csv', dict(label='action'), r"list.csv has no column 'action'; it has \['path', 'l"),
        (
            'list.csv',
            dict(where=dict(split='test')),
            r"no column 'split', which `where` selects by; it has \['path', 'label'\]",
        ),
        (
            'list.csv',
            dict(metainfo=dict(classes=['run'])),
            r"that metainfo\['classes'\] lacks: \['walk'\]",
        ),
        ('list.txt', dict(where=dict(split='train')), r'`where` needs a CSV list .*list.txt'),
        ('list.txt', dict(multi_class=True), 'multi_class=True needs num_classes'),
        (
            'list.txt',
            dict(data_prefix=dict(img='')),
            r"must be dict\(video=...\), got \{'img': ''\}",
        ),
        ('latin.txt', {}, r'latin.txt is not UTF-8 text'),
    ):
        with pytest.raises(ValueError, match=message):
            VideoDataset(ann_file, data_root=str(tmp_path), **options)
    with pytest.raises(ValueError, match='set `data_root`'):
        VideoDataset()
    with pytest.raises(ValueError, match=r"needs a placeholder for the number, .* got 'img.jpg'"):
        RawframeDataset(data_root=str(tmp_path), filename_tmpl='img.jpg')


def test_absent_and_empty_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no folder at .*nowhere'):
        VideoDataset(data_root=str(tmp_path / 'nowhere'))
    with pytest.raises(ValueError, match='no videos in'):
        VideoDataset(data_root=str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r'no list of videos at .*list.txt'):
        VideoDataset('list.txt', data_root=str(tmp_path))
    with pytest.raises(ValueError, match=r'no folder in .* holds an image img_00001.jpg'):
        RawframeDataset(data_root=str(tmp_path))


@pytest.mark.parametrize(
    ('line', 'options'),
    [('imgs', {}), ('imgs five 1', {}), ('imgs 0 1', {}), ('imgs 5', dict(with_offset=True))],
)
def test_broken_frame_lists(tmp_path, line, options):
    (tmp_path / 'imgs').mkdir()
    (tmp_path / 'list.txt').write_text(f'{line}\n')
    with pytest.raises(ValueError, match=rf"list.txt:1: '{line}' is not `folder"):
        RawframeDataset('list.txt', data_root=str(tmp_path), **options)


def as_text(sample):
    """Return everything of a sample that depends on its key, in a comparable form."""
    tensors = [tensor.numpy().tobytes().hex() for tensor in sample['inputs']]
    views = [view['frame_indices'].tolist() for view in sample['data_samples'].views]
    return json.dumps([tensors, views, int(sample['data_samples'].query_segment)])


def test_a_sample_depends_on_its_key_alone(video_folder):
    dataset = VideoDataset(data_root=str(video_folder), pipeline=PIPELINE)
    first = as_text(dataset[SampleKey(2, epoch=3, seed=4)])
    dataset[5], np.random.random()
    assert as_text(dataset[SampleKey(2, epoch=3, seed=4)]) == first
    others = [SampleKey(2, 3, 5), SampleKey(2, 4, 4)]
    assert all(as_text(dataset[key]) != first for key in others)
    assert as_text(dataset[2]) == as_text(dataset[SampleKey(2, 0, 0)])


@pytest.fixture
def folder_with_bad_videos(video_folder, tmp_path):
    for path in sorted(video_folder.glob('*.mp4'))[:3]:
        shutil.copy(path, tmp_path)
    (tmp_path / 'text.mp4').write_text('no video')
    (tmp_path / 'zero.mp4').touch()
    return tmp_path


@pytest.mark.parametrize(
    ('missing', 'message'),
    [('open', 'put OpenVideo or OpenFrames'), ('sample', 'put one that sam')],
)
def test_a_pipeline_that_lacks_a_step_is_told(video_folder, missing, message):
    dataset = VideoDataset(data_root=str(video_folder), pipeline={**PIPELINE, missing: None})
    with pytest.raises(InputError, match=f'`pipeline` needs what another one gives: {message}'):
        dataset[0]


def test_bad_videos_are_replaced_and_noted(folder_with_bad_videos):
    dataset = VideoDataset(data_root=str(folder_with_bad_videos), pipeline=PIPELINE)
    replaced_by = set()
    for epoch in range(20):
        sample = dataset[SampleKey(0, epoch)]['data_samples']
        bad = dict(sample.bad_videos)
        assert str(folder_with_bad_videos / 'text.mp4') in bad
        assert all(reason for reason in bad.values())
        assert sample.filename not in bad
        assert dataset[SampleKey(0, epoch)]['data_samples'].filename == sample.filename
        replaced_by.add(sample.filename)
    assert len(replaced_by) == 3
    assert dataset[1]['data_samples'].bad_videos == []


def test_a_bad_video_is_an_error_in_testing(folder_with_bad_videos):
    dataset = VideoDataset(data_root=str(folder_with_bad_videos), pipeline=PIPELINE, test_mode=True)
    with pytest.raises(VideoError, match=r'text.mp4'):
        dataset[0]


def test_nothing_but_bad_videos_stops(tmp_path):
    (tmp_path / 'text.mp4').write_text('no video')
    dataset = VideoDataset(data_root=str(tmp_path), pipeline=PIPELINE, max_replacements=5)
    with pytest.raises(VideoError, match=r'6 videos in a row cannot be read, .*text.mp4: '):
        dataset[0]


@pytest.mark.slow
def test_list_hash_tells_lists_apart(video_folder, tmp_path):
    for name in ('video0.mp4', 'video1.mp4'):
        shutil.copy(video_folder / name, tmp_path)
    (tmp_path / 'list.txt').write_text('video0.mp4\nvideo1.mp4\n')
    (tmp_path / 'turned.txt').write_text('video1.mp4\nvideo0.mp4\n')
    folder, listed, turned = (
        VideoDataset(ann_file, data_root=str(tmp_path)).list_hash()
        for ann_file in ('', 'list.txt', 'turned.txt')
    )
    assert folder == listed != turned
