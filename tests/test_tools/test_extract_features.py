"""Features of a list equal the model's, also after a kill and on several processes."""

import csv
import json
import os
import sys

import numpy as np
import pytest
import torch

from tests.distributed import run_on_processes
from tests.evaluating import (
    CONFIG,
    call,
    save_tiny_checkpoint,
    tiny_model,
    write_labelled_videos,
)
from vsslbox.datasets import VideoDataset
from vsslbox.evaluation import FeatureStore

TAPS = ('layer2', 'layer4')


@pytest.fixture(scope='module')
def videos(tmp_path_factory):
    folder = write_labelled_videos(tmp_path_factory.mktemp('videos'))
    save_tiny_checkpoint(folder / 'tiny.pth')
    save_tiny_checkpoint(folder / 'other.pth', seed=1)
    return folder


def extract(videos, out, *options, checkpoint='tiny.pth'):
    """Extract all 13 videos."""
    source = () if {'--list', '--gallery'} & set(options) else ('--videos', videos)
    call('extract_features.py', CONFIG, videos / checkpoint, '--out', out, *source, *options)
    return {path.stem: np.load(path) for path in out.glob('*.npy')}


def extract_taps(videos, out):
    """For other processes."""
    return {tap: torch.from_numpy(a) for tap, a in extract(videos, out, '--taps', *TAPS).items()}


@pytest.fixture(scope='module')
def whole(videos, tmp_path_factory):
    """The folder and the arrays of a run that was not stopped."""
    folder = tmp_path_factory.mktemp('whole')
    return folder, extract(videos, folder, '--taps', *TAPS)


def clips(videos):
    """The clips of the test pipeline, normalised."""
    pipeline = [
        dict(type='OpenVideo'),
        dict(type='SampleEndToEndFrames', num_frames=3),
        dict(type='DecodeViews'),
        dict(type='AugmentViews', transforms=[dict(type='Resize', size=(64, 64))]),
        dict(type='PackViews'),
    ]
    dataset = VideoDataset(data_root=str(videos), pipeline=pipeline, test_mode=True)
    mean = torch.tensor([123.675, 116.28, 103.53])[:, None, None, None]
    std = torch.tensor([58.395, 57.12, 57.375])[:, None, None, None]
    return torch.stack([(dataset[i]['inputs'][0] - mean) / std for i in range(len(dataset))])


@pytest.mark.slow
@torch.no_grad()
def test_arrays_hold_the_means_of_the_stages_maps(videos, whole):
    model = tiny_model()
    model.load_state_dict(torch.load(videos / 'tiny.pth')['state_dict'])
    folder, arrays = whole
    assert set(arrays) == set(TAPS)
    for index, clip in enumerate(clips(videos)):
        maps = model.backbone.maxpool(model.backbone.conv1(clip.transpose(0, 1)))
        for stage in ('layer1', 'layer2', 'layer3', 'layer4'):
            maps = getattr(model.backbone, stage)(maps)
            if stage in TAPS:
                wanted = maps.mean(dim=(0, 2, 3)).numpy()
                assert arrays[stage][index] == pytest.approx(wanted, rel=1e-4, abs=1e-5)
    rows = list(csv.DictReader((folder / 'videos.csv').read_text().splitlines()))
    assert [row['name'] for row in rows] == [f'{i:02}.mp4' for i in range(13)]
    record = json.loads((folder / 'record.json').read_text())
    assert record['taps'] == {'layer2': 8, 'layer4': 32}
    assert record['videos'] == 13
    assert len(record['checkpoint_sha256']) == len(record['list_sha256']) == 64


@pytest.mark.slow
@torch.no_grad()
def test_without_taps_it_is_the_models_output(videos, tmp_path):
    model = tiny_model()
    model.load_state_dict(torch.load(videos / 'tiny.pth')['state_dict'])
    arrays = extract(videos, tmp_path)
    wanted = model([clips(videos)]).numpy()
    assert arrays['features'] == pytest.approx(wanted, rel=1e-4, abs=1e-5)


class Killed(BaseException):
    """Simulates a kill."""


@pytest.mark.slow
def test_a_killed_run_resumes(videos, whole, tmp_path, monkeypatch):
    """Four batches of two, then half a row: the next run adds only the other five."""
    append, added = FeatureStore.append, []

    def count(store, indices, features):
        if len(added) == 8 and not (tmp_path / 'resumed').exists():
            with open(tmp_path / 'rows-000.part', 'ab') as file:
                file.write(b'half a row')
            raise Killed
        append(store, indices, features)
        added.extend(indices)

    monkeypatch.setattr(FeatureStore, 'append', count)
    with pytest.raises(Killed):
        extract(videos, tmp_path, '--taps', *TAPS)
    assert not list(tmp_path.glob('*.npy'))
    (tmp_path / 'resumed').touch()
    arrays = extract(videos, tmp_path, '--taps', *TAPS)
    assert added == list(range(13))
    for tap in TAPS:
        assert np.array_equal(arrays[tap], whole[1][tap])
    assert not list(tmp_path.glob('*.part')) and not list(tmp_path.glob('*.unfinished'))


@pytest.mark.slow
def test_two_processes_write_the_same_as_one(videos, whole, tmp_path):
    for arrays in run_on_processes(extract_taps, 2, videos, tmp_path):
        for tap in TAPS:
            assert np.allclose(arrays[tap], whole[1][tap], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ('options', 'checkpoint', 'named'),
    [
        (['--taps', *TAPS], 'other.pth', 'weights_sha256'),
        (['--taps', 'layer3'], 'tiny.pth', 'model'),
        (['--taps', *TAPS, '--gallery'], 'tiny.pth', 'list_sha256'),
    ],
)
def test_features_of_another_origin_are_refused(videos, whole, options, checkpoint, named, capsys):
    before = {path: path.read_bytes() for path in whole[0].glob('*.*') if path.is_file()}
    options = [*options, '--data-root', videos]
    with pytest.raises(SystemExit, match='1'):
        extract(videos, whole[0], *options, checkpoint=checkpoint)
    error = capsys.readouterr().err
    assert named in error and 'Name another folder' in error
    assert before == {path: path.read_bytes() for path in before}


def test_csv_has_every_bit(videos, whole):
    folder, arrays = whole
    extract(videos, folder, '--taps', *TAPS, '--format', 'csv')
    for tap in TAPS:
        table = np.loadtxt(folder / f'{tap}.csv', delimiter=',', skiprows=1)
        assert table[:, 0].tolist() == list(range(13))
        assert np.array_equal(table[:, 1:].astype(np.float32), arrays[tap])


def test_h5_holds_the_array(videos, whole):
    h5py = pytest.importorskip('h5py')
    folder, arrays = whole
    extract(videos, folder, '--taps', *TAPS, '--format', 'h5')
    with h5py.File(folder / 'layer4.h5') as file:
        assert np.array_equal(file['features'][:], arrays['layer4'])


def test_a_missing_h5py_is_named_first(videos, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, 'h5py', None)
    with pytest.raises(SystemExit):
        extract(videos, tmp_path, '--format', 'h5')
    assert 'pip install h5py' in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_list_of_the_user(videos, whole, tmp_path):
    (tmp_path / 'mine.txt').write_text('11.mp4 1\n03.mp4 0\n')
    options = ['--list', tmp_path / 'mine.txt', '--data-root', videos, '--taps', 'layer4']
    arrays = extract(videos, tmp_path / 'out', *options)
    assert np.allclose(arrays['layer4'], whole[1]['layer4'][[11, 3]], rtol=1e-5, atol=1e-6)


def test_an_unknown_tap_is_named(videos, tmp_path, capsys):
    with pytest.raises(SystemExit):
        extract(videos, tmp_path, '--taps', 'layer9')
    assert "no module 'layer9'" in capsys.readouterr().err


@torch.no_grad()
def test_a_tap_is_the_modules_output_whatever_follows():
    """The next activation changes it in place."""
    model = tiny_model(type='TapExtractor', taps=['conv1.bn'])
    clip = torch.randn(1, 3, 2, 64, 64)
    conv1 = model.backbone.conv1
    wanted = conv1.bn(conv1.conv(clip[0].transpose(0, 1))).mean(dim=(0, 2, 3))
    assert torch.allclose(model([clip])['conv1.bn'][0], wanted, atol=1e-6)


def test_names_that_are_not_text_and_columns_and_arrays_of_others(videos, tmp_path, capsys):
    """The list's own `index` is kept, and an unrelated array in the folder is left alone."""
    name = os.fsdecode(b'caf\xe9.mp4')
    (tmp_path / 'videos').mkdir()
    (tmp_path / 'videos' / name).write_bytes((videos / '03.mp4').read_bytes())
    out = tmp_path / 'out'
    out.mkdir()
    np.save(out / 'mine.npy', np.arange(3))
    call(
        'extract_features.py', CONFIG, videos / 'tiny.pth', '--out', out,
        '--videos', tmp_path / 'videos', '--format', 'csv',
    )  # fmt: skip
    assert (out / 'videos.csv').read_bytes() == b'index,name\n0,caf\xe9.mp4\n'
    assert not (out / 'mine.csv').exists() and 'mine' not in capsys.readouterr().out
    (tmp_path / 'list.csv').write_text('path,index\n03.mp4,7\n')
    options = ['--list', tmp_path / 'list.csv', '--data-root', videos]
    extract(videos, tmp_path / 'other', *options)
    with open(tmp_path / 'other' / 'videos.csv') as file:
        assert list(csv.reader(file)) == [
            ['index', 'name', 'path', 'index'],
            ['0', '03.mp4', '03.mp4', '7'],
        ]
