"""The tools that turn an unpacked download into lists."""

import json
import os
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from mmaction.datasets import ActivityNetDataset, AVADataset
from mmengine.config import Config
from scipy.io import savemat

from tests.conftest import REPO
from tests.tools import imported_tool
from vsslbox.datasets import ImageFolderDataset, VideoDataset
from vsslbox.preparation.dataset_lists import link_folder
from vsslbox.preparation.video_frames import VideoFrames
from vsslbox.registry import DATASETS

TOOLS = REPO / 'tools' / 'data'
NAMES = sorted(path.parent.name for path in TOOLS.glob('*/prepare.py'))
# UCF101's and HMDB51's official counts of train and test videos in splits 1, 2, 3.
OFFICIAL = {
    'ucf101': ((9537, 3783), (9586, 3734), (9624, 3696)),
    'hmdb51': ((3570, 1530), (3570, 1530), (3570, 1530)),
}


def load(name):
    with imported_tool(f'data/{name}/prepare.py') as module:
        return module


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Return a function that runs a tool on `download` and returns the folder of its lists."""

    def run(name, *options, counts=None, **constants):
        tool = load(name)
        if counts is not None:
            monkeypatch.setattr(tool, 'COUNTS', counts)
        for constant, value in constants.items():
            monkeypatch.setattr(tool, constant, value)
        command = ['prepare.py', str(tmp_path / 'download'), '--out', str(tmp_path / 'out')]
        monkeypatch.setattr(sys, 'argv', [*command, *options])
        tool.main()
        return tmp_path / 'out'

    return run


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def lines(path):
    return path.read_text().splitlines()


def dataset_of(cfg, out):
    """Build the data set of a config on the lists of a tool."""
    return DATASETS.build({'type': 'VideoDataset', **cfg, 'data_root': str(out), 'pipeline': []})


# --------------------------------------------------------------------------- official splits


def official_videos(name, root):
    """Return every annotated video, as `Class/video.avi`."""
    if name == 'ucf101':
        listed = (lines(root / f'{kind}list01.txt') for kind in ('train', 'test'))
        return sorted(line.split()[0] for split in listed for line in split)
    end = '_test_split1.txt'
    return [
        f'{path.name.removesuffix(end)}/{line.split()[0]}'
        for path in sorted(root.glob(f'*{end}'))
        for line in lines(path)
    ]


@pytest.fixture
def official(tmp_path, data_root):
    """Return a function that writes the official splits and an empty file for every video."""

    def unpack(name):
        data = data_root / 'formats/splits_ucf101_hmdb51/action_recognition/data'
        parts = {
            'ucf101': ('ucf101/ucfTrainTestlist', 'ucfTrainTestlist', 'UCF-101'),
            'hmdb51': ('hmdb/splits', 'testTrainMulti_7030_splits', 'hmdb51_org'),
        }
        source, splits, videos = parts[name]
        target = tmp_path / 'download' / splits
        target.mkdir(parents=True)
        for path in (data / source).iterdir():
            shutil.copyfile(path, target / path.name)
        names = official_videos(name, target)
        touch(tmp_path / 'download' / videos, *names)
        return tmp_path / 'download' / videos, names

    return unpack


@pytest.mark.slow
@pytest.mark.parametrize('name', ['ucf101', 'hmdb51'])
def test_official_splits(name, official, run, data_root):
    _, names = official(name)
    out = run(name)
    classes = lines(out / 'classes.txt')
    label_map = data_root / f'formats/mmaction2/tools/data/{name}/label_map.txt'
    assert classes == lines(label_map)
    for number, counts in enumerate(OFFICIAL[name], start=1):
        split = [lines(out / f'{name}_{s}_split_{number}_videos.txt') for s in ('train', 'val')]
        assert tuple(map(len, split)) == counts
        assert not set(split[0]) & set(split[1])
        for line in [*split[0], *split[1]]:
            path, label = line.split()
            assert path.split('/')[0] == classes[int(label)]
        assert {line.split()[0] for line in [*split[0], *split[1]]} <= set(names)
    assert not (out / 'missing.txt').exists()


def test_hmdb51_marks(data_root):
    """1 is for training, 2 for testing, 0 for neither."""
    folder = data_root / 'formats/splits_ucf101_hmdb51/action_recognition/data/hmdb/splits'
    read_split = load('hmdb51').read_split
    for ending in ('_test_split1.txt', '_test_split2.txt', '_test_split3.txt'):
        marks = dict(line.split() for line in lines(folder / f'wave{ending}'))
        for mark in '12':
            listed = read_split(folder, ending, mark, ['walk', 'wave'])
            waving = {f'{video}.avi' for video, label in listed.items() if label == 1}
            assert waving == {video for video in marks if marks[video] == mark}


@pytest.mark.slow
def test_lists_give_real_videos(official, run, data_root):
    """The lists and videos are read as in the configs."""
    videos, names = official('hmdb51')
    clips = data_root / 'formats/torchvision_assets/videos'
    real = {name for name in names if (clips / Path(name).name).is_file()}
    for name in real:
        shutil.copyfile(clips / Path(name).name, videos / name)
    out = run('hmdb51')
    config = Config.fromfile(REPO / 'configs/_base_/datasets/hmdb51.py')
    found = set()
    for cfg in (config.hmdb51_train, config.hmdb51_test):
        dataset = dataset_of(cfg, out)
        for info in map(dataset.get_data_info, range(len(dataset))):
            if info['attributes']['name'] in real:
                found.add(info['attributes']['name'])
                assert lines(out / 'classes.txt')[info['label']] == 'wave'
                with VideoFrames(info['filename']) as frames:
                    assert next(iter(frames)).width > 0
    assert found and found <= real


@pytest.mark.slow
def test_second_run_changes_nothing(official, run, tmp_path):
    """The tool does not mistake its own link for another copy of the videos."""
    official('hmdb51')
    download = tmp_path / 'download'
    run('hmdb51', '--out', str(download))
    before = {path: path.read_bytes() for path in download.glob('*.txt')}
    run('hmdb51', '--out', str(download))
    assert before == {path: path.read_bytes() for path in download.glob('*.txt')}
    assert os.readlink(download / 'videos') == 'hmdb51_org'


@pytest.mark.slow
def test_missing_videos(official, run, tmp_path, capsys):
    videos, names = official('hmdb51')
    gone = [name for name in names if name.startswith('wave/2')]
    for name in gone:
        (videos / name).unlink()
    first = Path(gone[0]).stem
    with pytest.raises(ValueError, match=rf'{len(gone)} of 6371 \(0.03%\) are missing: {first}, '):
        run('hmdb51')
    out = tmp_path / 'out'
    assert lines(out / 'missing.txt') == sorted(Path(name).stem for name in gone)
    assert not list(out.glob('hmdb51_*'))
    touch(videos, 'wave/new.avi')
    run('hmdb51', '--allow-missing')
    assert '396 files are in no list: ' in capsys.readouterr().out
    split = [lines(out / f'hmdb51_{s}_split_1_videos.txt') for s in ('train', 'val')]
    listed = [*split[0], *split[1]]
    assert len(listed) == 3570 + 1530 - len(gone)
    assert not {line.split()[0] for line in listed} & set(gone)
    touch(videos, *gone)
    run('hmdb51')
    assert not (out / 'missing.txt').exists()


def test_cut_off_annotations(official, run, tmp_path):
    official('hmdb51')
    path = tmp_path / 'download/testTrainMulti_7030_splits/wave_test_split2.txt'
    path.write_text('\n'.join(line for line in lines(path) if not line.endswith('2 ')))
    with pytest.raises(ValueError, match=r'hmdb51_val_split_2_videos\.txt has 1500 rows, not 1530'):
        run('hmdb51')


@pytest.mark.parametrize('name', NAMES)
def test_wrong_folder(name, run, tmp_path):
    """One message names what is missing."""
    (tmp_path / 'download').mkdir()
    options = ['--classes', '400'] if name == 'kinetics' else []
    with pytest.raises(FileNotFoundError, match=r'download has no .*: the README.md beside'):
        run(name, *options)


# --------------------------------------------------------------------------- the other data sets


@pytest.fixture
def kinetics(tmp_path, data_root):
    """Write annotations of a training clip per class and a validation clip; return the classes."""
    source = data_root / 'formats/mmaction2/tools/data/kinetics/label_map_k400.txt'
    classes = lines(source)
    header = 'label,youtube_id,time_start,time_end,split'
    rows = [f'{name},-id_{n:07d},{n},{n + 10},train' for n, name in enumerate(classes)]
    write(tmp_path / 'download/annotations/train.csv', '\n'.join([header, *reversed(rows)]))
    val = f'{header}\n{classes[7]},val_a-video,83,93,validate\n'
    write(tmp_path / 'download/annotations/val.csv', val)
    return classes


def kinetics_clips(classes):
    return {f'-id_{n:07d}_{n:06d}_{n + 10:06d}.mp4': name for n, name in enumerate(classes)}


@pytest.mark.slow
@pytest.mark.parametrize('layout', ['flat', 'by class'])
def test_kinetics(layout, kinetics, run, tmp_path):
    """Labels are in alphabetical order, as in mmaction2's label map."""
    for clip, name in kinetics_clips(kinetics).items():
        touch(tmp_path / 'download/train', clip if layout == 'flat' else f'{name}/{clip}')
    touch(tmp_path / 'download/val', 'val_a-video_000083_000093.mp4')
    out = run('kinetics', '--classes', '400', counts={400: {'train': 400, 'val': 1}})
    assert lines(out / 'classes.txt') == kinetics
    config = Config.fromfile(REPO / 'configs/_base_/datasets/kinetics400.py')
    for cfg in (config.kinetics400_train, config.kinetics400_test):
        dataset = dataset_of(cfg, out)
        for info in map(dataset.get_data_info, range(len(dataset))):
            stem = Path(info['filename']).stem
            assert info['label'] == (7 if stem.startswith('val') else int(stem.split('_')[1]))
            if layout == 'by class' and not stem.startswith('val'):
                folder = kinetics[info['label']].replace(' ', '_')
                assert Path(info['filename']).parent.name == folder


def test_kinetics_share_of_missing_clips(kinetics, run, tmp_path, capsys):
    clips = list(kinetics_clips(kinetics))
    touch(tmp_path / 'download/train', *clips[4:])
    touch(tmp_path / 'download/val', 'val_a-video_000083_000093.mp4')
    options = ['kinetics', '--classes', '400', '--allow-missing']
    out = run(*options, counts={400: {'train': None, 'val': None}})
    assert '4 of 401 (1.00%) are missing' in capsys.readouterr().out
    assert len(lines(out / 'kinetics400_train_list_videos.txt')) == 396
    with pytest.raises(ValueError, match='400 classes, not 600'):
        run('kinetics', '--classes', '600')


def test_sthv2(run, tmp_path):
    """Templates name the classes in brackets; labels are the published ones."""
    labels = {'Pushing something': '0', 'Moving something onto something': '1', 'Burying it': '2'}
    train = [
        {'id': '101', 'label': 'pushing a cup', 'template': 'Pushing [something]'},
        {'id': '99', 'template': 'Moving [something] onto [something]'},
    ]
    for name, content in {
        'labels': labels,
        'train': train,
        'validation': [{'id': '7', 'template': 'Burying [it]'}],
        'test': [{'id': '8'}],
    }.items():
        write(tmp_path / f'download/labels/{name}.json', content)
    videos = tmp_path / 'download/20bn-something-something-v2'
    touch(videos, '101.webm', '99.webm', '7.webm', '8.webm')
    out = run('sthv2', counts={'train': 2, 'val': 1, 'test': 1})
    assert lines(out / 'sthv2_train_list_videos.txt') == ['101.webm 0', '99.webm 1']
    assert lines(out / 'sthv2_val_list_videos.txt') == ['7.webm 2']
    assert lines(out / 'sthv2_test_list_videos.txt') == ['8.webm']
    assert lines(out / 'classes.txt') == list(labels)
    config = Config.fromfile(REPO / 'configs/_base_/datasets/sthv2_8seg.py')
    assert dataset_of(config.val_dataloader.dataset, out).get_data_info(0)['label'] == 2
    assert len(dataset_of(config.train_dataloader.dataset, out)) == 2


@pytest.mark.parametrize('dataset', ['all', 'segments'])
def test_hacs(dataset, run, tmp_path):
    """A video of two classes is listed once."""
    download = tmp_path / 'download'
    write(
        download / 'HACS_v1.1.1/HACS_clips_v1.1.1.csv',
        'classname,youtube_id,subset,start,end,label\n'
        'Archery,aaa,training,1.5,3.5,1\n'
        'Archery,aaa,training,5.5,7.5,-1\n'
        'Pole vault,aaa,training,1.5,3.5,1\n'
        'Pole vault,bbb,training,1.5,3.5,-1\n'
        'Archery,ccc,validation,1.5,3.5,1\n'
        'Archery,ddd,testing,1.5,3.5,1\n',
    )
    database = {'aaa': {'subset': 'training'}, 'ccc': {'subset': 'validation'}}
    write(download / 'HACS_v1.1.1/HACS_segments_v1.1.1.json', {'database': database})
    touch(download / 'videos', 'Pole_vault/v_aaa.mp4', 'Archery/v_aaa.mp4', 'Pole_vault/v_bbb.mp4')
    touch(download / 'videos', 'Archery/v_ccc.mp4')
    num_videos = {'all': 2, 'segments': 1}[dataset]
    counts = {dataset: {'train': num_videos, 'val': 1}}
    out = run('hacs', '--dataset', dataset, counts=counts)
    expected = ['Archery/v_aaa.mp4', 'Pole_vault/v_bbb.mp4'][:num_videos]
    assert lines(out / 'hacs_train_list_videos.txt') == expected
    assert lines(out / 'hacs_val_list_videos.txt') == ['Archery/v_ccc.mp4']


@pytest.mark.slow
@pytest.mark.parametrize('source', ['folders', 'table', 'kit'])
def test_imagenet(source, run, tmp_path):
    """Labels follow the order of the folders, not the numbers of the development kit."""
    download = tmp_path / 'download'
    train = [f'n0{n}/n0{n}_{k}.JPEG' for n in (1, 2, 3) for k in (10, 9)]
    touch(download / 'train', *train)
    images = [f'ILSVRC2012_val_{n:08d}' for n in (1, 2, 3, 4)]
    names = ['n03', 'n01', 'n02', 'n03']
    folders = names if source == 'folders' else [''] * 4
    touch(download / 'val', *(f'{f}/{i}.JPEG'.strip('/') for f, i in zip(folders, images)))
    if source == 'table':
        rows = [f'{image},{name} 1 2 3 4 ' for image, name in zip(images, names)]
        table = '\n'.join(['ImageId,PredictionString', *reversed(rows)])
        write(download / 'LOC_val_solution.csv', table)
    if source == 'kit':
        kit = download / 'ILSVRC2012_devkit_t12/data'
        write(kit / 'ILSVRC2012_validation_ground_truth.txt', '1\n3\n2\n1\n')
        synsets = [(1, 'n03'), (2, 'n02'), (3, 'n01'), (4, 'a group of them')]
        kinds = [('ILSVRC2012_ID', object), ('WNID', object)]
        savemat(kit / 'meta.mat', {'synsets': np.array(synsets, dtype=kinds)[:, None]})
    out = run('imagenet', counts={'train': 6, 'val': 4}, NUM_CLASSES=3)
    assert lines(out / 'classes.txt') == ['n01', 'n02', 'n03']
    labels = [line.split() for line in lines(out / 'imagenet_train_list_images.txt')]
    assert [(path, int(label)) for path, label in labels] == [
        (path, int(path[2]) - 1) for path in sorted(train)
    ]
    listed = dict(line.split() for line in lines(out / 'imagenet_val_list_images.txt'))
    assert {Path(path).stem: int(label) for path, label in listed.items()} == dict(
        zip(images, [2, 0, 1, 2])
    )
    dataset = ImageFolderDataset(
        'imagenet_val_list_images.txt', data_root=out, data_prefix=dict(img='val')
    )
    assert [dataset.get_data_info(index)['label'] for index in range(4)] == [
        int(label) for label in listed.values()
    ]
    with pytest.raises(ValueError, match='3 folders, not 1000'):
        run('imagenet')


@pytest.fixture
def ava(tmp_path, data_root):
    """Write AVA's sample annotations as both subsets; return the last frame of each video."""
    source = data_root / 'formats/mmaction2/tests/data/ava_dataset'
    target = tmp_path / 'download/annotations'
    target.mkdir(parents=True)
    for split in ('train', 'val'):
        shutil.copyfile(source / 'ava_sample.csv', target / f'ava_{split}_v2.2.csv')
    touch(target, *load('ava').OTHERS)
    seconds = Counter()
    for line in lines(source / 'ava_sample.csv'):
        video, second = line.split(',')[:2]
        seconds[video] = max(seconds[video], int(second))
    return {
        video: f'rawframes/{video}/img_{(second - 900) * 30 + 1:05}.jpg'
        for video, second in seconds.items()
    }


def test_ava(ava, run, tmp_path, data_root):
    touch(tmp_path / 'download', *ava.values())
    counts = {'train': len(ava), 'val': len(ava)}
    out = run('ava', counts=counts)
    sample = lines(data_root / 'formats/mmaction2/tests/data/ava_dataset/ava_sample.csv')
    assert sorted(lines(out / 'ava_train_v2.2.csv')) == sorted(sample)
    gone = sorted(ava)[-1]
    (tmp_path / 'download' / ava[gone]).unlink()  # the frames end too early
    with pytest.raises(ValueError, match=f'1 of {len(ava)} .* are missing: {gone};'):
        run('ava', counts=counts)
    run('ava', '--allow-missing', counts=counts)
    dataset = AVADataset(
        str(out / 'ava_val_v2.2.csv'),
        pipeline=[],
        exclude_file=str(out / 'annotations/ava_val_excluded_timestamps_v2.2.csv'),
        data_prefix=dict(img=str(out / 'rawframes')),
    )
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    assert {info['video_id'] for info in infos} == set(ava) - {gone}
    assert all(os.path.isdir(info['frame_dir']) for info in infos)


@pytest.fixture
def activitynet(tmp_path, data_root):
    """Write the published annotations in both forms; return BMN's, and the subset of each video."""
    source = data_root / 'formats/activitynet13/data/activitynet_annotations'
    target = tmp_path / 'download/annotations'
    target.mkdir(parents=True)
    shutil.copyfile(source / 'anet_anno_action.json', target / 'anet_anno_action.json')
    shutil.copyfile(source / 'video_info_new.csv', target / 'video_info_new.csv')
    annotations = json.loads((source / 'anet_anno_action.json').read_text())
    rows = [line.split(',') for line in lines(source / 'video_info_new.csv')[1:]]
    database = {
        row[0].removeprefix('v_'): {
            'subset': row[5],
            'duration': annotations[row[0]]['duration_second'],
            'annotations': annotations[row[0]]['annotations'],
        }
        for row in rows
    }
    write(target / 'activity_net.v1-3.min.json', {'database': database})
    return annotations, {row[0]: row[5] for row in rows}


@pytest.mark.slow
def test_activitynet_bmn(activitynet, run, tmp_path):
    annotations, subsets = activitynet
    listed = {s: {v for v in subsets if subsets[v] == s} for s in ('training', 'validation')}
    features = [f'{video}.csv' for video in listed['training'] | listed['validation']]
    touch(tmp_path / 'download/features', *features)
    out = run('activitynet')  # with the official counts
    for split, subset in (('train', 'training'), ('val', 'validation')):
        entries = json.loads((out / f'anet_anno_{split}.json').read_text())
        assert set(entries) == listed[subset]
        for video, entry in entries.items():
            assert entry.keys() - annotations[video].keys() == {'fps', 'rfps'}
            assert annotations[video].items() <= entry.items()
    dataset = ActivityNetDataset(
        str(out / 'anet_anno_val.json'),
        pipeline=[],
        data_prefix=dict(video=str(out / 'features')),
    )
    assert os.path.isfile(dataset.get_data_info(0)['feature_path'])


@pytest.mark.slow
def test_activitynet_clips(activitynet, run, tmp_path):
    """Each segment becomes a clip, and the table of cuts tells where it lies."""
    annotations, subsets = activitynet
    val = [video for video, subset in subsets.items() if subset == 'validation'][:3]
    chosen = ['v_---9CpRcKoU', *val]  # the first has one segment
    touch(tmp_path / 'download/videos', *(f'{video}.mkv' for video in chosen))
    counts = {'train': 9649, 'val': 4728}
    out = run('activitynet', '--allow-missing', counts=counts)
    classes = lines(out / 'classes.txt')
    assert len(classes) == 200 and classes == sorted(classes)
    videos = VideoDataset(
        'activitynet_val_list_videos.txt', data_root=out, data_prefix=dict(video='videos')
    )
    assert len(videos) == 3
    header, *table = lines(out / 'cuts.csv')
    assert header == 'clip,video,start,duration'
    assert 'v_---9CpRcKoU_0.mp4,v_---9CpRcKoU.mkv,0.010,12.634' in table
    num_clips = sum(len(annotations[video]['annotations']) for video in chosen)
    assert len(table) == num_clips
    touch(tmp_path / 'download/clips', *(line.split(',')[0] for line in table))
    run('activitynet', '--allow-missing', counts=counts)
    label = classes.index(annotations['v_---9CpRcKoU']['annotations'][0]['label'])
    assert lines(out / 'activitynet_train_list_clips.txt') == [f'v_---9CpRcKoU_0.mp4 {label}']
    config = Config.fromfile(REPO / 'configs/vclr/benchmarks/tsn_r50_8xb8-8seg-50e_activitynet.py')
    clips = dataset_of(config.val_dataloader.dataset, out)
    infos = list(map(clips.get_data_info, range(len(clips))))
    assert len(infos) == num_clips - 1
    for info in infos:
        video, number = Path(info['filename']).stem.rsplit('_', 1)
        segment = annotations[video]['annotations'][int(number)]
        assert classes[info['label']] == segment['label']


# --------------------------------------------------------------------------- links


def test_links(tmp_path):
    touch(tmp_path / 'a', 'x.mp4')
    touch(tmp_path / 'b', 'x.mp4')
    place = tmp_path / 'out' / 'videos'
    for folder in ('a', 'b', 'b'):  # a link replaces another
        link_folder(tmp_path / folder, place)
        assert place.resolve() == tmp_path / folder
    touch(tmp_path / 'c', 'air drumming/x.mp4')
    link_folder(tmp_path / 'c', place)
    assert (place / 'air_drumming' / 'x.mp4').is_file()
    touch(tmp_path / 'out', 'real/y.mp4')
    with pytest.raises(FileExistsError, match=r'real is in the way of a link to .*a: move it'):
        link_folder(tmp_path / 'a', tmp_path / 'out' / 'real')


def test_every_tool_has_its_readme():
    assert len(NAMES) == 12
    for name in NAMES:
        readme = (TOOLS / name / 'README.md').read_text()
        assert f'python tools/data/{name}/prepare.py' in readme
