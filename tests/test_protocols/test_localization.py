"""From videos to the recall of proposals, by the commands of docs/localization.md."""

import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from vsslbox.evaluation.functional import average_recall
from vsslbox.registry import MODELS

REPO = Path(__file__).resolve().parents[2]
BMN = REPO / 'configs' / 'demo' / 'bmn_1xb16-24x20-9e_planted-feature.py'
TOOLS = 'tools/data/activitynet'
STEPS, CLASSES = 10, 6
RECOGNIZER = f"""
default_scope = 'vsslbox'
model = dict(
    type='mmaction.Recognizer2D',
    data_preprocessor=dict(
        type='mmaction.ActionDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        format_shape='NCHW',
    ),
    backbone=dict(type='NarrowResNet', depth=18, base_channels=4),
    cls_head=dict(
        type='mmaction.TSNHead',
        in_channels=32,
        num_classes={CLASSES},
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
    ),
)
"""
SMALL = [
    '--cfg-options',
    'model.num_samples=8',
    'model.hidden_dim_1d=16',
    'model.hidden_dim_2d=16',
    'model.hidden_dim_3d=16',
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
    'val_dataloader.num_workers=0',
    'test_dataloader.num_workers=0',
    'env_cfg.mp_cfg.opencv_num_threads=1',
]


def test_settings_of_vclr():
    name = 'bmn_2xb8-200x100-9e_activitynet-feature.py'
    config = Config.fromfile(REPO / 'configs' / 'vclr' / 'benchmarks' / name)
    assert config.model == dict(
        type='BMN',
        feat_dim=200,
        temporal_dim=100,
        boundary_ratio=0.5,
        num_samples=32,
        num_samples_per_bin=3,
        soft_nms_alpha=0.4,
        soft_nms_low_threshold=0.5,
        soft_nms_high_threshold=0.9,
        post_process_top_k=100,
    )
    assert config.optim_wrapper == dict(
        type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3, weight_decay=1e-4)
    )
    assert (config.train_cfg.max_epochs, config.param_scheduler.milestones) == (9, [7])
    assert 2 * config.train_dataloader.batch_size == config.auto_scale_lr.base_batch_size == 16


@pytest.fixture
def run(monkeypatch):
    """Run a tool of the repository in this process."""

    def run(tool, *arguments):
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, arguments)])
        monkeypatch.setenv('VSSLBOX_TRACEBACK', '1')
        runpy.run_path(str(REPO / tool), run_name='__main__')

    return run


@pytest.fixture
def recognizer(tmp_path):
    """The config and a checkpoint of a small recognizer that knows nothing."""
    config = tmp_path / 'recognizer.py'
    config.write_text(RECOGNIZER)
    with DefaultScope.overwrite_default_scope('vsslbox'):
        model = MODELS.build(Config.fromfile(config).model)
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'recognizer.pth')
    return config, tmp_path / 'recognizer.pth'


@pytest.fixture
def videos(data_root, tmp_path):
    """A folder of six real clips of 48 to 251 frames, and annotations of them as ActivityNet's."""
    found = sorted((data_root / 'formats' / 'torchvision_assets' / 'videos').glob('*.avi'))
    assert len(found) == 6
    (tmp_path / 'videos').mkdir()
    database = {}
    for number, path in enumerate(found):
        (tmp_path / 'videos' / f'v_{number}.avi').symlink_to(path)
        segments = [[0.3, 1.5], [1.8, 2.7]][: 1 + number % 2]
        database[str(number)] = dict(
            subset='training' if number < 4 else 'validation',
            duration=3.0,
            annotations=[dict(segment=segment, label='run') for segment in segments],
        )
    annotations = tmp_path / 'activity_net.json'
    annotations.write_text(json.dumps(dict(database=database)))
    return tmp_path / 'videos', annotations


def metrics_of(work_dir):
    return json.loads((work_dir / 'metrics.json').read_text())


@pytest.mark.slow
def test_from_real_videos_to_recall(run, recognizer, videos, tmp_path, capsys):
    folder, annotations = videos
    features, work_dir = tmp_path / 'data' / 'features', tmp_path / 'work'
    extract = [*recognizer, folder, '--out', features, '--stride', 8, '--steps', STEPS]
    extract += ['--short-side', 32, '--crop', 32, '--ending', '.npy', '--num-workers', 0]
    run(f'{TOOLS}/snippet_features.py', *extract)
    assert '6 videos done, 0 were there already' in capsys.readouterr().out
    (features / 'v_3.npy').unlink()
    run(f'{TOOLS}/snippet_features.py', *extract)
    assert '1 videos done, 5 were there already' in capsys.readouterr().out
    assert all(np.load(path).shape == (STEPS, CLASSES) for path in features.glob('*.npy'))
    with pytest.raises(ValueError, match='choose another folder or the same options'):
        run(f'{TOOLS}/snippet_features.py', *extract, '--kind', 'pooled')

    run(f'{TOOLS}/annotate_features.py', annotations, features)
    entries = json.loads((tmp_path / 'data' / 'anet_anno_train.json').read_text())
    assert sorted(entries) == ['v_0', 'v_1', 'v_2', 'v_3']
    for entry in entries.values():
        assert entry['duration_second'] == 3.0
        assert entry['feature_frame'] == entry['duration_frame'] // 8 * 8 > 40

    options = ['--data-root', tmp_path / 'data', '--work-dir', work_dir, *SMALL]
    options += [
        f'model.temporal_dim={STEPS}',
        f'model.feat_dim={CLASSES}',
        'model.feature_extraction_interval=8',
        'train_cfg.max_epochs=1',
        'train_dataloader.batch_size=2',
        'test_evaluator.classification=None',
        f'test_evaluator.out={work_dir}/proposals.json',
    ]
    run('tools/train.py', BMN, *options)
    run('tools/test.py', BMN, work_dir / 'epoch_1.pth', *options)
    record = metrics_of(work_dir)
    assert record['protocol'] == 'localization'
    assert record['test']['videos'] == 2

    proposals = json.loads((work_dir / 'proposals.json').read_text())['results']
    truth = json.loads(annotations.read_text())['database']
    recall, area = average_recall(
        [np.array([a['segment'] for a in truth[video]['annotations']]) for video in proposals],
        [np.array([(*p['segment'], p['score']) for p in found]) for found in proposals.values()],
    )
    assert proposals.keys() == {'4', '5'}
    assert area > 0
    assert record['metrics']['localization/auc'] == pytest.approx(100 * area)
    for number in (1, 5, 10, 100):
        expected = 100 * recall[number - 1]
        assert record['metrics'][f'localization/AR@{number}'] == pytest.approx(expected)

    run(
        'tools/visualize/localization.py',
        tmp_path / 'data' / 'anet_anno_val.json',
        work_dir / 'proposals.json',
        *('--videos', folder, '--out', tmp_path / 'figures'),
    )
    pictures = [cv2.imread(str(path)) for path in sorted((tmp_path / 'figures').iterdir())]
    assert len(pictures) == 2
    assert all(picture.std() > 10 for picture in pictures)


@pytest.mark.slow
def test_planted_segments_are_found(run, tmp_path):
    """A small BMN finds them well above chance, and above what it does untrained."""
    run(f'{TOOLS}/make_demo_features.py', tmp_path / 'data', '--videos', 150)
    options = ['--data-root', tmp_path / 'data', '--work-dir', tmp_path / 'work', *SMALL]
    run('tools/test.py', BMN, '--random-init', *options)
    before = metrics_of(tmp_path / 'work')['metrics']
    schedule = [
        'train_cfg.max_epochs=12',
        'train_cfg.val_interval=12',
        'optim_wrapper.optimizer.lr=0.005',
    ]
    schedule += ['default_hooks.checkpoint.interval=12']
    run('tools/train.py', BMN, *options, *schedule)
    run('tools/test.py', BMN, tmp_path / 'work' / 'epoch_12.pth', *options)
    after = metrics_of(tmp_path / 'work')['metrics']
    assert after['localization/auc'] > max(75, before['localization/auc'] + 10)
    assert after['localization/AR@5'] > before['localization/AR@5'] + 20
    assert after['localization/mAP'] > before['localization/mAP'] + 20
