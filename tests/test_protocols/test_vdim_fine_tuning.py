"""Test VDIM's fine-tuning: its configs, and one of them from a pretraining to an accuracy."""

import json
import re
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from vsslbox.apis.command_line import build_runner
from vsslbox.datasets.transforms.steps import list_steps
from vsslbox.models.data_preprocessors import ViewsPreprocessor
from vsslbox.registry import MODELS
from vsslbox.utils import file_sha256

BENCHMARKS = Path(__file__).resolve().parents[2] / 'configs' / 'vdim' / 'benchmarks'
NAME = re.compile(
    r'finetune_r21d_2xb16-(?P<views>\d)x32f-(?P<epochs>\d+)e_'
    r'(?P<data>[a-z]+(?P<classes>\d+))-split(?P<split>\d)(?P<jitter>_color-jitter)?'
)
# Training videos by data and split.
VIDEOS = {
    ('ucf101', '1'): 9537,
    ('ucf101', '2'): 9586,
    ('ucf101', '3'): 9624,
    ('hmdb51', '1'): 3570,
    ('hmdb51', '2'): 3570,
    ('hmdb51', '3'): 3570,
}
# The steps of the paper, and after how many of them the rate halves, by data and epochs.
STEPS = {
    ('ucf101', '100'): (30_000, 3_000),
    ('ucf101', '67'): (20_000, 3_000),
    ('hmdb51', '36'): (4_000, 400),
}


@pytest.mark.parametrize('path', sorted(BENCHMARKS.glob('finetune_*.py')), ids=lambda p: p.stem)
def test_config_is_what_its_name_says(path, monkeypatch):
    for name in ('UCF101', 'HMDB51', 'VDIM'):
        monkeypatch.setenv(f'VSSLBOX_{name}', f'/set/{name.lower()}')
    name, config = NAME.fullmatch(path.stem), Config.fromfile(path)
    data, split, num_views = name['data'], name['split'], int(name['views'])

    steps, until_half = STEPS[data, name['epochs']]
    batch_size = config.train_dataloader.batch_size
    assert config.auto_scale_lr.base_batch_size == 2 * batch_size == 32
    assert config.train_cfg.max_epochs == int(name['epochs'])
    steps_an_epoch = VIDEOS[data, split] // 32
    assert abs(config.train_cfg.max_epochs * steps_an_epoch - steps) < steps_an_epoch
    schedule = config.param_scheduler
    assert (schedule.by_epoch, schedule.step_size, schedule.gamma) == (False, until_half, 0.5)
    assert config.optim_wrapper.optimizer == dict(
        type='Adam', lr=1e-3, betas=(0.8, 0.999), eps=1e-8, weight_decay=1e-5
    )

    for loader in ('train', 'val', 'test'):
        dataset = config[f'{loader}_dataloader'].dataset
        assert dataset.data_root == f'/set/{data}'
        subset = 'train' if loader == 'train' else 'val'
        assert dataset.ann_file == f'{data}_{subset}_split_{split}_videos.txt'
        sample = dataset.pipeline.sample
        assert sample.type == f'Sample{"RandomWindow" if loader == "train" else "AllWindows"}'
        assert (sample.num_views, sample.clip_len) == (num_views, 32)
    # mmaction2 splits the views of one video at a time only.
    assert config.val_dataloader.batch_size == config.test_dataloader.batch_size == 1

    augment = config.train_dataloader.dataset.pipeline.augment
    crop, *colors = list_steps(augment.transforms)
    assert crop == dict(type='RandomResizedCrop', size=128, area=(0.3, 1.0), ratio=(0.7, 1.4))
    colors = [t.type for t in colors]
    assert colors == (
        ['ColorJitter', 'RandomGrayscale'] if name['jitter'] else ['LabChannelDropout']
    )
    head, backbone = config.model.cls_head, config.model.backbone
    assert (head.num_classes, head.num_views) == (int(name['classes']), num_views)
    assert (head.hidden_channels, head.dropout_ratio) == (1024, 0.2)
    assert backbone.layer == 8
    assert backbone.init_cfg.checkpoint == '/set/vdim'
    prepared, pretraining = config.model.data_preprocessor, ViewsPreprocessor()
    assert prepared.mean == pytest.approx(pretraining.mean.flatten().tolist())
    assert prepared.std == pytest.approx(pretraining.std.flatten().tolist())


ENCODER = dict(type='VDIMEncoder', base_channels=2, extra_blocks=0)
NECK = dict(type='ResidualMLPNeck', in_channels=16, out_channels=8)
SMALL = {
    'model.backbone.backbone': ENCODER,
    'model.backbone.neck': NECK,
    'model.cls_head.in_channels': 8,
    'model.cls_head.hidden_channels': 6,
    'model.cls_head.num_classes': 2,
    'model.cls_head.topk': (1,),
    'model.test_cfg.max_testing_views': 3,  # ends within a window of two
    'train_dataloader.batch_size': 2,
    'train_dataloader.persistent_workers': False,
    'train_dataloader.pin_memory': False,
    'train_dataloader.dataset.ann_file': 'train.txt',
    'test_dataloader.dataset.ann_file': 'test.txt',
    'train_cfg.max_epochs': 2,
    'param_scheduler.step_size': 2,
    'default_hooks.logger.interval': 1,
    'log_level': 'ERROR',
}


@pytest.fixture(scope='module')
def videos(data_root, tmp_path_factory):
    """Write lists of real videos: four of HMDB51 to train; a long one and a short one to test."""
    folder = tmp_path_factory.mktemp('lists')
    source = data_root / 'formats' / 'torchvision_assets' / 'videos'
    found = sorted(source.glob('*.avi'))
    soccer = [path for path in found if path.name.startswith('v_Soccer')]
    others = [path for path in found if path not in soccer]
    for name, paths in (('train', others), ('test', [soccer[0], others[0]])):
        lines = [f'{path.resolve()} {number % 2}\n' for number, path in enumerate(paths)]
        (folder / f'{name}.txt').write_text(''.join(lines))
    return folder


@pytest.fixture(scope='module')
def pretrained(tmp_path_factory):
    """Save what a pretraining by VDIM would save."""
    torch.manual_seed(0)
    loss = dict(type='MultiScaleInfoNCELoss')
    vdim = MODELS.build(dict(type='VDIM', backbone=ENCODER, neck=NECK, loss=loss))
    for value in vdim.parameters():
        if value.ndim == 5:  # of convolutions: features that differ from video to video
            torch.nn.init.kaiming_normal_(value)
    path = tmp_path_factory.mktemp('pretrained') / 'vdim.pth'
    torch.save(dict(state_dict=vdim.state_dict()), path)
    return path


def small_config(videos, pretrained, work_dir):
    config = Config.fromfile(BENCHMARKS / 'finetune_r21d_2xb16-2x32f-36e_hmdb51-split1.py')
    config.merge_from_dict(SMALL)
    for loader in ('train', 'val', 'test'):
        config[f'{loader}_dataloader'].num_workers = 0
        config[f'{loader}_dataloader'].dataset.data_root = str(videos)
        config[f'{loader}_dataloader'].dataset.data_prefix.video = ''
    config.model.backbone.init_cfg.checkpoint = str(pretrained)
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    config.work_dir = str(work_dir)
    return config


def mean_probability(model, clips):
    """Return the mean over the windows of one video, ``[V, C, T, H, W]``, each by itself."""
    model = model.double()
    mean, std = (
        value.double() for value in (model.data_preprocessor.mean, model.data_preprocessor.std)
    )
    total, num_windows = 0, len(clips) // 2
    for window in range(num_windows):
        features = []
        for view in range(2):
            clip = (clips[2 * window + view].double() - mean) / std
            features.append(model.backbone(clip[None]).flatten())
        scores = model.cls_head.layers(torch.cat(features)[None])[0]
        total = total + scores.exp() / scores.exp().sum()
    return total / num_windows


@pytest.mark.slow
def test_from_a_pretraining_to_an_accuracy(videos, pretrained, tmp_path):
    runner = build_runner(small_config(videos, pretrained, tmp_path))
    runner.train()
    (log,) = tmp_path.glob('*/vis_data/scalars.json')
    rates = [json.loads(line)['lr'] for line in log.read_text().splitlines()]
    assert rates == [1e-3, 1e-3, 5e-4, 5e-4]
    start = torch.load(pretrained, weights_only=True)['state_dict']
    for name, value in runner.model.backbone.named_parameters():  # names are those of VDIM
        assert not torch.equal(value, start[name]), name
        assert (value - start[name]).abs().max() < 0.01, name  # 4 steps of Adam from there

    config = small_config(videos, 'not needed any more', tmp_path / 'test')
    config.load_from = str(tmp_path / 'epoch_2.pth')
    runner = build_runner(config)
    metrics = runner.test()
    record = json.loads((tmp_path / 'test' / 'metrics.json').read_text())
    assert record['metrics'] == pytest.approx(metrics)
    assert record['checkpoint_sha256'] == file_sha256(config.load_from)
    assert record['test']['videos'] == 2
    assert metrics['acc/top1'] in {0, 0.5, 1}

    model = runner.model.eval()
    probabilities, hits = [], []
    for batch in runner.test_dataloader:
        (clips,) = batch['inputs']
        with torch.no_grad():
            (result,) = model.float().test_step(batch)
            expected = mean_probability(model, clips)
        assert torch.allclose(result.pred_scores.item.double(), expected, atol=1e-5)
        probabilities.append(expected)
        hits.append(expected.argmax() == result.gt_labels.item)
        assert len(clips) // 2 == (result.views[-1]['frame_indices'][0] - 32) // 32 + 1
    assert torch.stack(probabilities).std(dim=0).min() > 1e-3
    assert metrics['acc/top1'] == pytest.approx(torch.tensor(hits).float().mean().item())
