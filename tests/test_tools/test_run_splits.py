"""A protocol on all splits: which lists, what is skipped, the mean."""

import json
import re

import pytest
import torch

from tests.conftest import REPO
from tests.tools import imported_tool, run_main, run_tool
from vsslbox.errors import InputError
from vsslbox.registry import MODELS

CONFIG = REPO / 'configs/cvrl/benchmarks/linear_r3d50_8xb16-32x2-50e_ucf101.py'
TWO_STARTS = REPO / 'configs/vie/benchmarks/finetune_twostream-sf_r18_1xb64-16x4-150e_ucf101.py'


@pytest.fixture
def tool():
    with imported_tool('run_splits.py') as module:
        yield module


@pytest.fixture
def calls(tool, monkeypatch):
    """Tools that note their call; a test leaves an accuracy of a tenth of the split."""
    noted = []

    def call(name, gpus, environment, config, *words):
        split = int(re.search(r'split_(\d)$', str(words[words.index('--work-dir') + 1]))[1])
        noted.append((name, split, gpus, environment, [str(word) for word in words]))
        folder = words[words.index('--work-dir') + 1]
        folder.mkdir(parents=True, exist_ok=True)
        if name == 'test':
            metrics = {'acc/top1': split / 10, 'acc/top5': 0.5}
            (folder / 'metrics.json').write_text(json.dumps(dict(metrics=metrics)))

    monkeypatch.setattr(tool, 'call', call)
    monkeypatch.setattr(tool, 'checkpoints_in', lambda folder: [folder / 'epoch_50.pth'])
    return noted


@pytest.fixture
def start(tmp_path):
    path = tmp_path / 'epoch_800.pth'
    torch.save({}, path)
    return path


def test_each_split_is_trained_and_tested_on_its_lists(
    tool, calls, start, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / 'out'
    where = ['--work-dir', folder, '--gpus', 2]
    options = ['--seed', 3, '--cfg-options', 'train_cfg.max_epochs=5']
    assert run_main(tool, monkeypatch, CONFIG, start, *where, *options) == 0
    assert [call[:3] for call in calls] == [
        (name, split, 2) for split in (1, 2, 3) for name in ('train', 'test')
    ]
    for name, split, _, environment, words in calls:
        assert environment == {'VSSLBOX_CVRL': str(start)}
        assert words[0] == (
            '--resume' if name == 'train' else f'{folder}/split_{split}/epoch_50.pth'
        )
        assert {'--seed=3', 'train_cfg.max_epochs=5'} <= set(words)
        for loader, kind in (('train', 'train'), ('val', 'val'), ('test', 'val')):
            file = f'ucf101_{kind}_split_{split}_videos.txt'
            assert f"{loader}_dataloader.dataset.ann_file='{file}'" in words
    record = json.loads((folder / 'splits.json').read_text())
    assert record['mean'] == pytest.approx({'acc/top1': 0.2, 'acc/top5': 0.5})
    assert record['splits']['3']['acc/top1'] == 0.3
    assert 'acc/top1: 0.2000 (mean of 3 splits; 1: 0.1000' in capsys.readouterr().out


def test_a_finished_split_is_not_repeated(tool, calls, start, tmp_path, monkeypatch):
    where = ['--work-dir', tmp_path / 'out']
    run_main(tool, monkeypatch, CONFIG, start, *where, '--splits', 1, 3)
    del calls[:]
    run_main(tool, monkeypatch, CONFIG, start, *where)
    assert [call[:2] for call in calls] == [('train', 2), ('test', 2)]
    record = json.loads((tmp_path / 'out/splits.json').read_text())
    assert record['mean']['acc/top1'] == pytest.approx(0.2)


def test_splits_of_different_runs_are_not_averaged(tool, calls, start, tmp_path, monkeypatch):
    where = ['--work-dir', tmp_path / 'out']
    run_main(tool, monkeypatch, CONFIG, start, *where, '--splits', 1)
    other = tmp_path / 'epoch_200.pth'
    torch.save({}, other)
    for arguments in ([other], [start, '--seed', 1], [start, '--cfg-options', 'a=1']):
        with pytest.raises(InputError, match='another run: give another --work-dir'):
            run_main(tool, monkeypatch, CONFIG, *arguments, *where)


@pytest.mark.parametrize(
    ('config', 'error', 'message'),
    [
        ('linear_r3d50_8xb128-32x2-100e_kinetics400.py', InputError, 'must name a list of split 1'),
        (TWO_STARTS, InputError, 'VSSLBOX_VIE_DYNAMIC, VSSLBOX_VIE_SINGLE, not from exactly one'),
        (CONFIG, FileNotFoundError, 'there is no checkpoint'),
    ],
)
def test_mistakes(tool, calls, start, tmp_path, monkeypatch, config, error, message):
    start = 'nothing.pth' if error is FileNotFoundError else start
    with pytest.raises(error, match=message):
        run_main(tool, monkeypatch, CONFIG.parent / config, start, '--work-dir', tmp_path / 'out')
    assert not calls and not (tmp_path / 'out').exists()


@pytest.mark.slow
def test_two_splits_of_real_files(video_folder, tmp_path):
    """A network of a tiny size, one epoch on each split, by the command line."""
    backbone = dict(type='R3DResNet', depth=18, base_channels=4)
    torch.save(dict(state_dict={
        f'backbone.{k}': v for k, v in MODELS.build(backbone).state_dict().items()
    }), tmp_path / 'start.pth')  # fmt: skip
    for split in (1, 2):
        for part in ('train', 'val'):
            lines = (f'video{i}.mp4 {(i + split) % 2}\n' for i in range(4 * split))
            (video_folder / f'ucf101_{part}_split_{split}_videos.txt').write_text(''.join(lines))
    small = {
        'model.backbone.depth': 18,
        'model.backbone.base_channels': 4,
        'model.cls_head.in_channels': 32,
        'model.cls_head.num_classes': 2,
        'train_dataloader.batch_size': 4,
        'train_dataloader.persistent_workers': False,
        'train_dataloader.dataset.pipeline.sample.clip_len': 4,
        'train_dataloader.dataset.pipeline.augment.transforms.crop.size': 32,
        'test_dataloader.dataset.pipeline.sample.clip_len': 4,
        'test_dataloader.dataset.pipeline.sample.num_clips': 1,
        'test_dataloader.dataset.pipeline.augment.transforms.resize.short_side': 32,
        'test_dataloader.dataset.pipeline.crops.size': 32,
        'train_cfg.max_epochs': 1,
        'train_cfg.val_interval': 9,
        **{f'{each}_dataloader.num_workers': 0 for each in ('train', 'val', 'test')},
        **{f'{each}_dataloader.dataset.data_prefix.video': '' for each in ('train', 'val', 'test')},
    }
    command = [
        *('run_splits.py', CONFIG, tmp_path / 'start.pth'),
        *('--splits', 1, 2, '--work-dir', tmp_path / 'out', '--data-root', video_folder),
        *('--cfg-options', *(f'{key}={value}' for key, value in small.items())),
    ]
    for _ in range(2):  # the second time, nothing is left to do
        result = run_tool(*command)
        assert result.returncode == 0, result.stderr[-3000:]
    record = json.loads((tmp_path / 'out/splits.json').read_text())
    tests = [json.loads((tmp_path / f'out/split_{i}/metrics.json').read_text()) for i in (1, 2)]
    assert [test['test']['videos'] for test in tests] == [4, 8]
    accuracies = [test['metrics']['acc/top1'] for test in tests]
    assert record['mean']['acc/top1'] == pytest.approx(sum(accuracies) / 2)
    assert len(list((tmp_path / 'out/split_1').glob('*/*.log'))) == 2  # of a training and a test
