"""Fine-tuning of VIE and VCLR: what the configs say, and that they run on real clips."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from torch import nn

from tests.tiny import tiny_vclr
from tests.tiny_vie import tiny_vie_cfg
from vsslbox.apis.command_line import build_runner
from vsslbox.checkpoints.names import canonical_name, is_counter
from vsslbox.registry import MODELS
from vsslbox.utils import file_sha256

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
VIE = CONFIGS / 'vie' / 'benchmarks'
VCLR = CONFIGS / 'vclr' / 'benchmarks'
VIE_3D = VIE / 'finetune_3dresnet_r18_1xb128-16x1-520e_ucf101.py'
TWO_STREAM = VIE / 'finetune_twostream-sf_r18_1xb64-16x4-150e_ucf101.py'
TSN = VCLR / 'tsn_r50_8xb32-3seg-300e_ucf101.py'
TSN_TEN_CROPS = VCLR / 'tsn_r50_8xb16-8seg-50e_sthv2.py'
TSM = VCLR / 'tsm_r50_8xb6-8seg-50e_sthv2.py'

VIE_NAME = re.compile(
    r'(?P<start>finetune|scratch)_(?P<family>[\w-]+)_r18_1xb(?P<batch>\d+)-(?P<clip>[\dx]+)-'
    r'(?P<epochs>\d+)e_(?P<data>[a-z]+(?P<classes>\d+))(?P<color>_color)?'
)
# Batch, crop, test clips on UCF101 and HMDB51.
VIE_FAMILIES = {
    '3dresnet': (128, 112, dict(ucf101=10, hmdb51=4)),
    'slowfast': (128, 224, dict(ucf101=3, hmdb51=2)),
    'single': (128, 224, dict(ucf101=5, hmdb51=5)),
    'twostream-sf': (64, 224, dict(ucf101=3, hmdb51=3)),
}
# Thousands of steps to both falls of the rate, by the authors' settings; 3DResNet's see the
# schedule.
VIE_FALLS = {
    '3dresnet': dict(ucf101=(30, 35), hmdb51=(40, 60)),
    'slowfast': dict(ucf101=(10, 20), hmdb51=(20, 30), hmdb51_color=(15, 30)),
    'single': dict(ucf101=(15, 35), hmdb51=(10, 20)),
    'twostream-sf': dict(ucf101=(10, 20), hmdb51=(10, 20)),
}
# The same from scratch, by the authors' settings; None where they give no fall.
SCRATCH_FALLS = {
    '3dresnet': dict(ucf101=(10, 16), ucf101_color=None, hmdb51=(10, 15)),
    'slowfast': dict(ucf101=None, ucf101_color=(10, 14), hmdb51=(13, 18), hmdb51_color=(9, 13)),
    'single': dict(ucf101=(9, 13), hmdb51=(7, 10)),
}
COLOR_JITTER = dict(
    type='ColorJitter', brightness=0.4, contrast=0.4, saturation=0.4, hue=0.4, prob=1.0
)
VIE_VIDEOS = dict(ucf101=9537, hmdb51=3570)


@dataclass
class Settings:
    """What the authors' config of a fine-tuning says."""

    lr: float
    dropout: float
    init_std: float
    num_classes: int
    train_frames: int
    test_frames: int
    transforms: tuple[str, ...]
    test_size: int
    crops: str | None = None
    decay: float = 1e-4
    epochs: int = 50
    falls: tuple[int, ...] = (20, 40)
    max_norm: float = 40


RRC = ('resize', 'crop', 'flip')
MULTI_SCALE = ('resize', 'crop')
TSM_SETTINGS = dict(
    lr=0.0075,
    decay=5e-4,
    max_norm=20,
    dropout=0.5,
    init_std=0.001,
    num_classes=174,
    transforms=MULTI_SCALE,
    test_size=224,
)
VCLR_SETTINGS = {
    TSN.stem: Settings(
        lr=0.01,
        decay=5e-4,
        epochs=300,
        falls=(120, 240),
        dropout=0.4,
        init_std=0.001,
        num_classes=101,
        train_frames=3,
        test_frames=25,
        transforms=RRC,
        test_size=256,
    ),
    'tsn_r50_8xb32-8seg-50e_hmdb51': Settings(
        lr=0.025,
        dropout=0.4,
        init_std=0.01,
        num_classes=51,
        train_frames=8,
        test_frames=8,
        transforms=RRC,
        test_size=256,
    ),
    TSN_TEN_CROPS.stem: Settings(
        lr=0.02,
        dropout=0.5,
        init_std=0.01,
        num_classes=174,
        train_frames=8,
        test_frames=8,
        transforms=MULTI_SCALE,
        test_size=224,
        crops='TenCrops',
    ),
    TSM.stem: Settings(train_frames=8, test_frames=8, **TSM_SETTINGS),
    'tsm_r50_8xb6-16seg-50e_sthv2': Settings(train_frames=16, test_frames=16, **TSM_SETTINGS),
    'tsn_r50_8xb8-8seg-50e_activitynet': Settings(
        lr=0.01,
        dropout=0.8,
        init_std=0.01,
        num_classes=200,
        train_frames=8,
        test_frames=25,
        transforms=RRC,
        test_size=256,
        crops='ThreeCrops',
    ),
}


def pipelines(config):
    """Return the named steps of training and test, and the transforms of both."""
    pipelines = [config[f'{loader}_dataloader'].dataset.pipeline for loader in ('train', 'test')]
    return *pipelines, *({k: t for k, t in p.augment.transforms.items() if t} for p in pipelines)


def test_all_families_and_references_of_vie_are_there():
    found = [VIE_NAME.fullmatch(path.stem) for path in VIE.glob('*.py')]
    found = sorted((m['start'], m['family']) for m in found if m)
    wanted = [('finetune', family) for family in VIE_FAMILIES for _ in range(4)]
    wanted += [('scratch', family) for family in VIE_FAMILIES if family[0] != 't'] * 4
    assert found == sorted(wanted)


@pytest.mark.parametrize(
    'path',
    [p for p in sorted(VIE.glob('*_r18_*.py')) if VIE_NAME.fullmatch(p.stem)],
    ids=lambda path: path.stem,
)
def test_config_of_vie_is_what_its_name_says(path, monkeypatch):
    for data in ('ucf101', 'hmdb51'):
        monkeypatch.setenv(f'VSSLBOX_{data.upper()}', f'/set/{data}')
    name, config = VIE_NAME.fullmatch(path.stem), Config.fromfile(path)
    batch, size, test_clips = VIE_FAMILIES[name['family']]
    scratch = name['start'] == 'scratch'
    optimizer = config.optim_wrapper.optimizer
    lr, decay = (0.01, 1e-4) if scratch else (5e-4, 1e-5)
    assert optimizer == dict(type='SGD', lr=lr, momentum=0.9, weight_decay=decay)
    assert config.train_dataloader.batch_size == config.auto_scale_lr.base_batch_size == batch
    assert int(name['batch']) == batch
    assert config.train_cfg.max_epochs == int(name['epochs'])
    falls = (SCRATCH_FALLS if scratch else VIE_FALLS)[name['family']]
    falls = falls.get(f'{name["data"]}{name["color"] or ""}', falls[name['data']])
    steps = VIE_VIDEOS[name['data']] // batch
    schedule = config.param_scheduler
    if falls is None:
        assert not schedule
    elif scratch:
        assert not schedule.by_epoch
        assert schedule.milestones == [1000 * fall for fall in falls]
        assert 1.08 < int(name['epochs']) * steps / schedule.milestones[-1] < 1.13
    else:
        assert schedule.milestones == [round(1000 * fall / steps) for fall in falls]
        assert 1.08 < int(name['epochs']) / schedule.milestones[-1] < 1.13
    for loader in ('train', 'val', 'test'):
        dataset = config[f'{loader}_dataloader'].dataset
        split = 'train' if loader == 'train' else 'val'
        assert dataset.data_root == f'/set/{name["data"]}'
        assert dataset.ann_file == f'{name["data"]}_{split}_split_1_videos.txt'

    train, test, transforms, test_transforms = pipelines(config)
    clip_len, interval = map(int, f'{name["clip"]}x1'.split('x')[:2])
    for step in (train.sample, test.sample):
        assert (step.clip_len, step.get('frame_interval', 1)) == (clip_len, interval)
    assert (train.sample.type, test.sample.type) == ('SampleRandomClip', 'SampleUniformClips')
    assert test.sample.num_clips == test_clips[name['data']]
    crop = transforms.pop('crop')
    assert transforms.pop('flip') == dict(type='RandomFlip', prob=0.5)
    if name['color']:
        assert crop.type == 'RandomCrop'
        assert transforms == dict(
            resize=dict(type='RandomShortSide', low=size * 8 // 7, high=size * 10 // 7 - 1),
            jitter=COLOR_JITTER,
            grey=dict(type='RandomGrayscale', prob=0.3),
        )
    else:
        assert not transforms
        assert (crop.type, crop.scales) == ('MultiScaleCrop', (1, 0.8409, 0.7071, 0.5946, 0.5))
        assert (crop.max_scale_gap, crop.num_positions) == (0, 5)
    assert list(test_transforms) == ['resize', 'crop']
    assert crop.size == test_transforms['crop'].size == size
    enlarged = name['color'] or size == 112
    assert test_transforms['resize'].short_side == (size * 8 // 7 if enlarged else size)

    head, backbone = config.model.cls_head, config.model.backbone
    assert (head.num_classes, head.dropout_ratio) == (int(name['classes']), 0)
    assert head.average_clips == ('score' if scratch else 'prob')
    assert head.init_std == pytest.approx((2 / head.in_channels) ** 0.5)  # by the fan-in
    streams = [backbone[key] for key in ('static', 'dynamic') if key in backbone] or [backbone]
    assert [stream.init_cfg is None for stream in streams] == [scratch] * len(streams)
    if path.stem.endswith('ucf101') and not scratch:
        with DefaultScope.overwrite_default_scope('vsslbox'), torch.device('meta'):
            assert head.in_channels == MODELS.build(backbone).feat_dim


@pytest.mark.parametrize(('stem', 'wanted'), VCLR_SETTINGS.items())
def test_config_of_vclr_is_the_authors(stem, wanted):
    config = Config.fromfile(VCLR / f'{stem}.py')
    assert config.optim_wrapper.optimizer == dict(
        type='SGD', lr=wanted.lr, momentum=0.9, weight_decay=wanted.decay
    )
    assert config.train_cfg.max_epochs == wanted.epochs
    assert tuple(config.param_scheduler.milestones) == wanted.falls
    assert config.optim_wrapper.clip_grad.max_norm == wanted.max_norm
    head = config.model.cls_head
    assert (head.dropout_ratio, head.init_std) == (wanted.dropout, wanted.init_std)
    assert head.num_classes == wanted.num_classes
    gpus, batch = map(int, re.search(r'(\d+)xb(\d+)', stem).groups())
    assert config.train_dataloader.batch_size == batch
    assert config.auto_scale_lr.base_batch_size == gpus * batch

    train, test, transforms, test_transforms = pipelines(config)
    assert train.sample == dict(type='SampleRandomSegmentFrames', num_segments=wanted.train_frames)
    assert test.sample == dict(type='SampleCentreSegmentFrames', num_segments=wanted.test_frames)
    assert tuple(transforms) == wanted.transforms
    crop = transforms['crop']
    if wanted.transforms is MULTI_SCALE:
        assert (crop.type, crop.size) == ('MultiScaleCrop', 224)
        assert crop.scales == (1, 0.875, 0.75, 0.66)
        assert (crop.max_scale_gap, crop.num_positions) == (1, 13 if 'tsm' in stem else 5)
    else:
        assert crop == dict(type='RandomResizedCrop', size=224, area=(0.08, 1.0))
        assert transforms['flip'] == dict(type='RandomFlip', prob=0.5)
    if 'resize' in transforms:
        assert transforms['resize'] == dict(type='Resize', short_side=256)
    assert not config.model.backbone.norm_eval
    assert test_transforms.pop('resize') == dict(type='Resize', short_side=256)
    middle = test.crops if wanted.crops else test_transforms.pop('crop')
    assert middle == dict(type=wanted.crops or 'CenterCrop', size=wanted.test_size)
    assert not test_transforms
    if 'tsm' in stem:
        segments = config.model.backbone.num_segments
        assert segments == head.num_segments == wanted.train_frames == wanted.test_frames


def shrink(node):
    """Make all clips 4 frames of 32x32 pixels, and tests of 2 clips."""
    small = dict(size=32, short_side=36, low=36, high=40, clip_len=4, frame_interval=2, num_clips=2)
    if isinstance(node, dict):
        node.update({key: small[key] for key in small.keys() & node.keys()})
        node = list(node.values())
    for child in node if isinstance(node, list) else []:
        shrink(child)


@pytest.fixture(scope='module')
def clips(data_root, tmp_path_factory):
    """A list of four real clips and two made-up classes."""
    folder = data_root / 'scenes2' / 'videos_160p'
    names = [path.relative_to(folder) for path in sorted(folder.glob('*/*.mp4'))[:4]]
    path = tmp_path_factory.mktemp('lists') / 'clips.txt'
    path.write_text(''.join(f'{name} {i % 2}\n' for i, name in enumerate(names)))
    return dict(data_root=str(folder), ann_file=str(path), data_prefix=dict(video=''))


def randomize(model):
    """Give every tensor values of its own, statistics of norms included."""
    for tensor in model.state_dict().values():
        if tensor.is_floating_point():
            tensor.mul_(1 + 0.1 * torch.rand_like(tensor)).add_(1e-3 * torch.rand_like(tensor))
    return model


def save(model, path):
    torch.save(dict(meta=dict(epoch=1), state_dict=model.state_dict()), path)
    return path


@pytest.fixture(scope='module')
def vclr_checkpoint(tmp_path_factory):
    backbone = dict(type='mmaction.ResNet', depth=18, norm_eval=False)
    neck = dict(type='MLPNeck', in_channels=512, hidden_channels=8, out_channels=8)
    model = randomize(tiny_vclr(backbone=backbone, neck=neck))
    return save(model, tmp_path_factory.mktemp('vclr') / 'epoch_400.pth')


def vie_checkpoint(folder, name, **backbone):
    config = tiny_vie_cfg(backbone=backbone)
    config['neck']['in_channels'] = MODELS.build(backbone).feat_dim
    return save(randomize(MODELS.build(config)), folder / name)


@pytest.fixture(scope='module')
def vie_3d_checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp('vie')
    return vie_checkpoint(folder, 'vie.pth', type='PreActResNet3d', base_channels=4)


def small_config(path, checkpoint, **changes):
    config = Config.fromfile(path)
    backbone = dict(base_channels=4) if 'vie' in path.parts else dict(depth=18)
    config.merge_from_dict(
        dict(
            model=dict(
                backbone=dict(backbone, init_cfg=dict(checkpoint=str(checkpoint))),
                cls_head=dict(in_channels=32 if 'vie' in path.parts else 512, num_classes=2),
            ),
            train_cfg=dict(max_epochs=1),
            default_hooks=dict(checkpoint=dict(save_optimizer=False)),
            log_level='ERROR',
            **changes,
        )
    )
    return config


def on_clips(config, clips, work_dir):
    """The same, to run on real clips: two steps of two clips."""
    shrink(config._cfg_dict)
    config.val_cfg = config.val_dataloader = config.val_evaluator = None
    for loader in ('train', 'test'):
        loader_cfg = config[f'{loader}_dataloader']
        loader_cfg.dataset.update(clips)
        loader_cfg.update(batch_size=2, num_workers=0, persistent_workers=False)
    config.work_dir = str(work_dir)
    config.experiment_name = f'{work_dir.name}_{config.get("load_from") is not None}'
    return config


def build(config):
    with DefaultScope.overwrite_default_scope('vsslbox'):
        model = MODELS.build(config.model)
        model.init_weights()
    return model


def by_canonical_name(state):
    return {canonical_name(name): value for name, value in state.items() if not is_counter(name)}


def backbone_of(checkpoint):
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    return by_canonical_name({k: v for k, v in state.items() if k.startswith('backbone.')})


def assert_filled(backbone, expected):
    found = by_canonical_name(backbone.state_dict())
    assert found.keys() == expected.keys()
    for name, value in found.items():
        assert torch.equal(value, expected[name]), name


@pytest.mark.slow
@pytest.mark.parametrize(('path', 'shifted'), [(TSN, 0), (TSM, 8)])
def test_tsn_and_tsm_start_from_every_tensor_of_vclr(path, shifted, vclr_checkpoint):
    model = build(small_config(path, vclr_checkpoint))
    assert_filled(model.backbone, backbone_of(vclr_checkpoint))
    assert sum('.net.' in name for name in model.backbone.state_dict()) == shifted


def test_both_streams_start_from_their_own_checkpoints(tmp_path):
    config = Config.fromfile(TWO_STREAM)
    backbone = config.model.backbone
    backbone.static.base_channels = backbone.dynamic.base_channels = 4
    backbone.dynamic.fast_channels = 2
    expected = {}
    for name in ('static', 'dynamic'):
        part = {k: v for k, v in backbone[name].items() if k != 'init_cfg'}
        path = vie_checkpoint(tmp_path, f'{name}.pth', **part)
        backbone[name].init_cfg.checkpoint = str(path)
        expected[name] = backbone_of(path)
    model = build(config)
    for name in ('static', 'dynamic'):
        assert_filled(getattr(model.backbone, name), expected[name])


@pytest.mark.slow
@pytest.mark.parametrize('path', [TSN, TSM, VIE_3D], ids=lambda path: path.stem)
def test_from_a_pretraining_to_an_accuracy(path, clips, tmp_path, request):
    start = request.getfixturevalue(f'{"vie_3d" if "vie" in path.parts else "vclr"}_checkpoint')
    # The rate is so high that no weight stays as it is.
    changes = dict(optim_wrapper=dict(optimizer=dict(lr=0.1)))
    build_runner(on_clips(small_config(path, start, **changes), clips, tmp_path)).train()
    trained = tmp_path / 'epoch_1.pth'
    before, after = backbone_of(start), backbone_of(trained)
    assert before.keys() == after.keys()
    assert not [name for name in before if torch.equal(before[name], after[name])]
    assert all(value.isfinite().all() for value in after.values())

    config = small_config(path, 'not needed any more', load_from=str(trained))
    config.model.backbone.init_cfg = None
    build_runner(on_clips(config, clips, tmp_path)).test()
    record = json.loads((tmp_path / 'metrics.json').read_text())
    assert record['checkpoint_sha256'] == file_sha256(trained)
    assert record['test']['videos'] == 4
    assert record['metrics']['acc/top1'] in {n / 4 for n in range(5)}


def predict_one(config):
    """The views' names and the clips or frames of one test sample, the model, its result."""
    runner = build_runner(config)
    runner.model.init_weights()
    runner.model.eval()
    batch = next(iter(runner.build_dataloader(config.test_dataloader)))
    views = [view['name'] for view in batch['data_samples'][0].views]
    inputs = runner.model.data_preprocessor(batch)['inputs'][0]
    with torch.no_grad():
        result = runner.model.test_step(batch)[0].pred_scores.item
    return views, inputs, runner.model, result


@pytest.mark.slow
@torch.no_grad()
def test_ten_crops_of_all_frames_are_averaged(vclr_checkpoint, clips, tmp_path):
    config = on_clips(small_config(TSN_TEN_CROPS, vclr_checkpoint), clips, tmp_path)
    views, frames, model, result = predict_one(config)
    assert len(views) == 10
    assert frames.shape == (80, 3, 32, 32)
    mean = model.backbone(frames).mean(dim=(0, 2, 3))
    fc = model.cls_head.fc_cls
    expected = (fc.weight @ mean + fc.bias).softmax(dim=0)
    assert 0.01 < result.min() < 0.499
    torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_probabilities_of_all_clips_are_averaged(vie_3d_checkpoint, clips, tmp_path):
    config = on_clips(small_config(VIE_3D, vie_3d_checkpoint), clips, tmp_path)
    config.model.cls_head.init_std = 3
    views, inputs, model, result = predict_one(config)
    assert views == ['clip0', 'clip1']
    fc, expected = model.cls_head.fc_cls, 0
    for clip in inputs:
        feature = model.backbone(clip[None])[0].flatten(1).mean(dim=1)
        expected = expected + (fc.weight @ feature + fc.bias).softmax(dim=0) / 2
    assert 0.01 < result.min() < 0.499
    torch.testing.assert_close(result, expected, rtol=1e-4, atol=1e-5)


def settings_of(config, model):
    """The rate and the decay of every parameter."""
    with DefaultScope.overwrite_default_scope('vsslbox'):
        groups = build_optim_wrapper(model, config.optim_wrapper).optimizer.param_groups
    settings = {id(p): (g['lr'], g['weight_decay']) for g in groups for p in g['params']}
    return {name: settings[id(parameter)] for name, parameter in model.named_parameters()}


def test_vie_decays_the_classifier_alone(vie_3d_checkpoint):
    config = small_config(VIE_3D, vie_3d_checkpoint)
    model = build(config)
    for name, settings in settings_of(config, model).items():
        assert settings == (5e-4, 1e-5 if name.startswith('cls_head.') else 0), name
    config.merge_from_dict({'optim_wrapper.paramwise_cfg': None})  # the switch in the schedule
    assert set(settings_of(config, model).values()) == {(5e-4, 1e-5)}


def test_from_scratch_all_but_batch_norm_decays():
    (path,) = VIE.glob('scratch_single_*_hmdb51.py')
    config = Config.fromfile(path)
    head = dict(in_channels=32, num_classes=2)
    config.merge_from_dict(dict(model=dict(backbone=dict(base_channels=4), cls_head=head)))
    settings = settings_of(config, build(config))
    norms = {name for name in settings if '.bn' in name}
    assert len(norms) == 2 * 17
    assert {settings[name] for name in norms} == {(0.01, 0)}
    assert {settings[name] for name in settings.keys() - norms} == {(0.01, 1e-4)}


def test_tsm_has_rates_and_decays_of_its_own(vclr_checkpoint):
    config = small_config(TSM, vclr_checkpoint)
    model = build(config)
    model.backbone.extra = nn.Conv2d(3, 3, 1)  # mmaction2's ResNet has no bias
    lr, decay = 0.0075, 5e-4
    special = {
        'backbone.extra.bias': (2 * lr, 0),
        'cls_head.fc_cls.weight': (5 * lr, decay),
        'cls_head.fc_cls.bias': (10 * lr, 0),
    }
    for name, settings in settings_of(config, model).items():
        is_norm = '.bn.' in name
        expected = special.get(name, (lr, 0 if is_norm else decay))
        assert settings == pytest.approx(expected), name
