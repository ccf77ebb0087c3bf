"""VideoMAE's recipes: rates step by step, sizes, clips, fine-tuning, and a step on real clips."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.config import Config
from mmengine.registry import PARAM_SCHEDULERS, DefaultScope
from torch import nn

from tests.tiny_masked import VIT, tiny_video_mae_cfg
from vsslbox.apis.command_line import build_runner, on_videos
from vsslbox.datasets.transforms.steps import list_steps
from vsslbox.registry import MODELS, TRANSFORMS
from vsslbox.structures import View

CONFIGS = Path(__file__).resolve().parents[2] / 'configs' / 'videomae'
EPOCH = 2  # iterations in an epoch
PRETRAINING = {
    # name: (rate for 256 videos, videos a step, epochs, warm-up, least rate for 256)
    'videomae_vit-s16_32xb32-16x4-1600e_kinetics400': (1.5e-4, 1024, 1600, 40, 1e-5),
    'videomae_vit-b16_64xb32-16x4-800e_kinetics400': (1.5e-4, 2048, 800, 40, 1e-5),
    'videomae_vit-b16_64xb32-16x4-1600e_kinetics400': (1.5e-4, 2048, 1600, 40, 1e-5),
    'videomae_vit-l16_64xb8-16x4-1600e_kinetics400': (1.5e-4, 512, 1600, 40, 1e-5),
    'videomae_vit-h16_64xb16-16x4-1600e_kinetics400': (1.5e-4, 1024, 1600, 40, 1e-5),
    'videomae_vit-s16_64xb32-16x2-2400e_sthv2': (1.5e-4, 2048, 2400, 40, 1e-5),
    'videomae_vit-b16_64xb32-16x2-800e_sthv2': (1.5e-4, 2048, 800, 40, 1e-5),
    'videomae_vit-b16_64xb32-16x2-2400e_sthv2': (1.5e-4, 2048, 2400, 40, 1e-5),
    'videomae_vit-b16_8xb24-16x4-3200e_ucf101': (3e-4, 192, 3200, 40, 1e-5),
    'videomae-v2_vit-l16_48xb32-16x4-300e_kinetics400': (1e-3, 1536, 300, 30, 1e-5),
    'videomae-v2_vit-g14_64xb32-16x4-300e_kinetics400': (6e-4, 2048, 300, 30, 1e-5),
}
FINE_TUNING = {
    'finetune_vit-s16_32xb12-16x4-150e_kinetics400': (5e-4, 384, 150, 5, 1e-6),
    'finetune_vit-b16_64xb6-16x4-75e_kinetics400': (5e-4, 384, 75, 5, 1e-6),
    'finetune_vit-l16_64xb2-16x4-35e_kinetics400': (2e-3, 128, 35, 5, 1e-6),
    'finetune_vit-h16_64xb8-16x4-50e_kinetics400': (1e-3, 512, 50, 5, 1e-5),
    'finetune_vit-b16_8xb16-16x4-100e_ucf101': (5e-4, 128, 100, 5, 1e-5),
    'finetune_vit-b16_64xb6-16seg-30e_sthv2': (5e-4, 384, 30, 5, 1e-6),
    'finetune_vit-s16_32xb12-16seg-40e_sthv2': (1e-3, 384, 40, 5, 1e-6),
}


def config_of(name):
    folder = CONFIGS / 'benchmarks' if name in FINE_TUNING else CONFIGS
    return Config.fromfile(folder / f'{name}.py')


@pytest.mark.parametrize('name', [*PRETRAINING, *FINE_TUNING])
def test_rates_follow_the_authors_schedule(name):
    """A line from 0 whose last step has the full rate, then half a cosine to the least rate."""
    rate, videos, epochs, warmup, least = {**PRETRAINING, **FINE_TUNING}[name]
    rate, least = rate * videos / 256, least * videos / 256
    cfg = config_of(name)
    gpus, batch = map(int, name.split('_')[2].split('-')[0].split('xb'))
    assert gpus * batch == gpus * cfg.train_dataloader.batch_size == videos
    assert cfg.auto_scale_lr.base_batch_size == videos
    assert cfg.train_cfg.max_epochs == epochs
    assert cfg.optim_wrapper.optimizer.lr == pytest.approx(rate)
    slow, fast = nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([dict(params=[slow], lr=rate), dict(params=[fast], lr=2 * rate)])
    schedulers = [
        PARAM_SCHEDULERS.build(
            scheduler.to_dict(), default_args=dict(optimizer=optimizer, epoch_length=EPOCH)
        )
        for scheduler in cfg.param_scheduler
    ]
    steps, rising = epochs * EPOCH, warmup * EPOCH
    for step in range(steps):
        expected = rate * step / (rising - 1)
        if step >= rising:
            cosine = math.cos(math.pi * (step - rising) / (steps - rising))
            expected = least + (rate - least) * (1 + cosine) / 2
        found = [group['lr'] for group in optimizer.param_groups]
        assert found == pytest.approx([expected, 2 * expected], rel=1e-6, abs=3e-6 * rate), step
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()


@pytest.mark.parametrize(
    ('name', 'decoder', 'millions'),
    [
        ('videomae_vit-s16_32xb32-16x4-1600e_kinetics400', (192, 4, 3), 24.0),
        ('videomae_vit-b16_64xb32-16x4-800e_kinetics400', (384, 4, 6), 94.2),
        ('videomae_vit-l16_64xb8-16x4-1600e_kinetics400', (512, 12, 8), 343.0),
        ('videomae_vit-h16_64xb16-16x4-1600e_kinetics400', (640, 12, 8), 692.5),
        ('videomae-v2_vit-g14_64xb32-16x4-300e_kinetics400', (512, 4, 8), 1025.5),
    ],
)
def test_decoders_and_parameters(name, decoder, millions):
    cfg = config_of(name)
    width, depth, heads = decoder
    with DefaultScope.overwrite_default_scope('vsslbox'), torch.device('meta'):
        model = MODELS.build(cfg.model.to_dict())
    found = model.decoder
    assert (found.embed_dims, len(found.blocks)) == (width, depth)
    assert found.blocks[0].attn.num_heads == heads
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.05)


@pytest.mark.parametrize(
    ('name', 'grid', 'visible', 'predicted'),
    [
        ('videomae_vit-b16_64xb32-16x4-800e_kinetics400', (8, 14, 14), 160, 1408),
        ('videomae_vit-b16_8xb24-16x4-3200e_ucf101', (8, 14, 14), 392, 1176),
        ('videomae-v2_vit-l16_48xb32-16x4-300e_kinetics400', (8, 14, 14), 160, 784),
        ('videomae-v2_vit-g14_64xb32-16x4-300e_kinetics400', (8, 16, 16), 208, 1024),
    ],
)
def test_masks_fit_the_network(name, grid, visible, predicted):
    cfg = config_of(name)
    with DefaultScope.overwrite_default_scope('vsslbox'):
        with torch.device('meta'):
            assert MODELS.build(cfg.model.backbone.to_dict()).grid == grid
        results = dict(rng=np.random.default_rng(0))
        for step in list_steps(cfg.train_dataloader.dataset.pipeline):
            if step.type.startswith('Mask'):
                results = TRANSFORMS.build(step).transform(results)
    assert len(results['targets']['visible_tokens']) == visible
    assert len(results['targets']['predicted_tokens']) == predicted
    assert tuple(results['targets']['token_grid']) == grid


def test_pretraining_crops_only():
    """A clip of a still video is a crop of it in one of ten shapes, scaled, not mirrored."""
    cfg = config_of('videomae_vit-b16_64xb32-16x4-800e_kinetics400')
    steps = list_steps(cfg.train_dataloader.dataset.pipeline)
    (augment,) = (step for step in steps if step.type == 'AugmentViews')
    slope = np.tile(np.arange(0, 240, dtype=np.uint8), (240, 1))
    still = np.stack([slope, slope.T, np.full_like(slope, 9)], axis=-1)
    with DefaultScope.overwrite_default_scope('vsslbox'):
        transform = TRANSFORMS.build(augment)
    spans = set()
    for seed in range(60):
        view = View('clip', np.arange(2), [still] * 2)
        transform.transform(dict(views=[view], rng=np.random.default_rng(seed)))
        first, second = view.frames
        assert first.shape == (224, 224, 3)
        assert np.array_equal(first, second)
        width, height = (int(np.ptp(first[..., colour])) + 1 for colour in (0, 1))
        assert first[0, -1, 0] > first[0, 0, 0]
        spans.add((height, width))
    assert {max(span) for span in spans} <= {240, 210, 224, 180, 158}
    assert len(spans) == 10


def test_fine_tuning_starts_from_a_pretraining(tmp_path):
    """The network is the pretraining's, its final norm is left out, the head is new."""
    pretraining = MODELS.build(tiny_video_mae_cfg()).requires_grad_(False)
    for parameter in pretraining.parameters():
        parameter.normal_()
    torch.save(dict(state_dict=pretraining.state_dict()), tmp_path / 'epoch_1.pth')
    cfg = config_of('finetune_vit-b16_64xb6-16x4-75e_kinetics400')
    start = dict(type='vsslbox.PretrainedBackbone', checkpoint=str(tmp_path / 'epoch_1.pth'))
    shape = {key: VIT[key] for key in VIT if key != 'type'}
    cfg.merge_from_dict(
        dict(model=dict(backbone=dict(shape, init_cfg=start), cls_head=dict(in_channels=16)))
    )
    with DefaultScope.overwrite_default_scope('vsslbox'):
        model = MODELS.build(cfg.model.to_dict())
        model.init_weights()
    clips = torch.randn(2, 3, 8, 8, 16)
    normed = pretraining.backbone.norm(model.eval().backbone.tokens(clips))
    assert torch.equal(normed, pretraining.backbone.tokens(clips))
    assert not isinstance(model.backbone.norm, nn.LayerNorm)
    assert (model.cls_head.fc_norm.weight == 1).all()


def test_fine_tuning_mixes_pairs_of_videos():
    """A label is spread over the classes of two videos; it sums to 1."""
    cfg = config_of('finetune_vit-b16_64xb6-16x4-75e_kinetics400')
    with DefaultScope.overwrite_default_scope('vsslbox'):
        preprocessor = MODELS.build(cfg.model.data_preprocessor.to_dict())
    labels, sums = [7, 7, 30, 399], []
    for seed in range(8):
        np.random.seed(seed)
        torch.manual_seed(seed)
        samples = [ActionDataSample().set_gt_labels(label) for label in labels]
        inputs = list(torch.randint(256, (4, 1, 3, 2, 8, 8), dtype=torch.uint8))
        mixed = preprocessor(dict(inputs=inputs, data_samples=samples), training=True)
        for sample in mixed['data_samples']:
            label = sample.gt_labels.item
            assert label.shape == (400,)
            assert label.sum().item() == pytest.approx(1, abs=1e-6)
            sums.append(int((label > 0).sum()))
    assert set(sums) == {1, 2}


@pytest.mark.slow
@pytest.mark.parametrize(
    'name',
    [
        'videomae_vit-b16_64xb32-16x2-800e_sthv2',
        'videomae-v2_vit-g14_64xb32-16x4-300e_kinetics400',
        'finetune_vit-b16_8xb16-16x4-100e_ucf101',
    ],
)
@pytest.mark.filterwarnings('ignore:Detected call of `scheduler.step')
def test_recipe_trains_on_real_clips(name, data_root, tmp_path):
    """A step of three clips by a narrow network; every weight moves, if only by its decay."""
    config = config_of(name)
    videos = data_root / 'formats/torchvision_assets/videos'
    loader = config.train_dataloader
    loader.update(batch_size=3, num_workers=0, persistent_workers=False, pin_memory=False)
    values = {
        'work_dir': str(tmp_path),
        'log_level': 'ERROR',
        'train_cfg.max_epochs': 1,
        'model.backbone': dict(embed_dims=24, depth=1, num_heads=2, init_cfg=None),
        'param_scheduler': None,  # it begins with a rate of 0
    }
    if name in FINE_TUNING:
        labels = [f'{video.name} {number}' for number, video in enumerate(videos.glob('*.mp4'))]
        (tmp_path / 'labels.txt').write_text('\n'.join(labels[:3]))
        loader.dataset.update(
            data_root=str(videos), ann_file=str(tmp_path / 'labels.txt'), data_prefix=None
        )
        values |= {'val_dataloader': None, 'val_cfg': None, 'val_evaluator': None}
        values |= {'model.cls_head.in_channels': 24}
    else:
        loader.dataset = on_videos(loader.dataset.to_dict(), str(videos))
        values |= {'model.decoder': dict(embed_dims=16, depth=1, num_heads=2)}
    config.merge_from_dict(values)
    runner = build_runner(config)
    start = {name: value.clone() for name, value in runner.model.state_dict().items()}
    runner.train()
    trained = runner.model.state_dict()
    assert not [name for name in trained if torch.equal(trained[name], start[name])]
    assert all(value.isfinite().all() for value in trained.values())
