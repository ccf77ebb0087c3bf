"""CVRL's own configs: what their augmentation does to pixels, and that the small one trains."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch.utils.data import default_collate

from vsslbox.apis.command_line import build_runner, on_videos
from vsslbox.checkpoints.loading import load_checkpoint, load_weights
from vsslbox.datasets.transforms import PackViews
from vsslbox.datasets.transforms.steps import list_steps
from vsslbox.models.data_preprocessors import ViewsPreprocessor
from vsslbox.registry import MODELS, TRANSFORMS
from vsslbox.structures import View

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
RECIPE = 'cvrl/cvrl_r3d50_32xb32-16x2-800e_kinetics400.py'
ABLATION = 'cvrl/ablations/cvrl_r3d50_32xb32-16x2-200e_kinetics400_{}.py'
DEMO = 'demo/cvrl_r3d18w16_1xb32-8x3-64px.py'


def views_of_a_still_video(name, seed):
    """Return the two views that a recipe makes of a still video, ``[2, C, T, H, W]``."""
    steps = list_steps(Config.fromfile(CONFIGS / name).train_dataloader.dataset.pipeline)
    still = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    views = [View(name, np.arange(4), [still] * 4) for name in ('first', 'second')]
    results = dict(views=views, rng=np.random.default_rng(seed), index=0, filename='still.mp4')
    with DefaultScope.overwrite_default_scope('vsslbox'):
        for step in steps:
            if step.type in ('AugmentViews', 'ThreeCrops'):
                results = TRANSFORMS.build(step).transform(results)
    packed = PackViews().transform(dict(results, attributes={}))
    batch = {key: default_collate([packed[key]]) for key in ('inputs', 'deferred')}
    return torch.cat(ViewsPreprocessor(mean=(0, 0, 0), std=(1, 1, 1))(batch)['inputs'])


@pytest.mark.parametrize('name', [RECIPE, ABLATION.format('rand-augment'), DEMO])
@pytest.mark.parametrize('seed', range(4))
def test_the_frames_of_a_clip_are_augmented_alike(name, seed):
    """Equal frames stay equal; the two views of a video differ, and so do videos."""
    first, second = views_of_a_still_video(name, seed)
    for view in (first, second):
        assert (view - view[:, :1]).abs().max() < 1e-3
    assert (first - second).abs().mean() > 1
    assert (first - views_of_a_still_video(name, seed + 100)[0]).abs().mean() > 1


def test_the_ablation_augments_each_frame_independently():
    first, second = views_of_a_still_video(ABLATION.format('inconsistent'), 0)
    for view in (first, second):
        for frame in range(1, 4):
            assert (view[:, frame] - view[:, 0]).abs().mean() > 1


def test_parts_of_the_augmentation():
    steps = {
        name: Config.fromfile(CONFIGS / ABLATION.format(name)).train_dataloader.dataset.pipeline
        for name in ('spatial-only', 'temporal-only', 'interval-uniform')
    }
    assert steps['spatial-only'].sample.law == 'same'
    assert steps['interval-uniform'].sample.law == 'uniform'
    (augment,) = (s for s in list_steps(steps['temporal-only']) if s.type == 'AugmentViews')
    assert augment.views is None
    assert [t.type for t in list_steps(augment.transforms)] == ['Resize', 'CenterCrop']


@pytest.mark.parametrize(
    ('name', 'millions'),
    [
        ('cvrl_r3d50_32xb32-16x2-800e_kinetics400', 31.7),
        ('cvrl_r3d101_32xb32-16x2-800e_kinetics400', 59.7),
        ('cvrl_r3d50-2x_32xb32-16x2-800e_kinetics400', 126.6),
        ('cvrl_r3d50-4x_32xb32-16x2-800e_kinetics400', 505.8),
        ('cvrl_r3d101_32xb32-16x2-800e_kinetics600', 59.7),
        ('cvrl_r3d50-2x_32xb32-16x2-800e_kinetics600', 126.6),
        ('cvrl_r3d50-4x_32xb32-16x2-800e_kinetics600', 505.8),
    ],
)
def test_sizes_of_the_networks(name, millions):
    """The paper counts BatchNorm's statistics with the weights."""
    config = Config.fromfile(CONFIGS / 'cvrl' / f'{name}.py')
    with DefaultScope.overwrite_default_scope('vsslbox'), torch.device('meta'):
        backbone = MODELS.build(config.model.backbone.to_dict())
        neck = MODELS.build(config.model.neck.to_dict())
        features = backbone(torch.empty(1, 3, 4, 32, 32))
    tensors = [*backbone.parameters(), *backbone.buffers()]
    count = sum(tensor.numel() for tensor in tensors if tensor.is_floating_point())
    assert round(count / 1e6, 1) == millions
    assert neck(features.mean((2, 3, 4)).expand(2, -1)).shape == (2, 128)


@pytest.mark.parametrize(
    'name',
    [RECIPE, ABLATION.format('0-hidden'), 'vie/vie-single_r18_1xb128-1-734e_kinetics400.py'],
)
def test_linear_layers_start_from_the_law_of_keras(name):
    """Glorot's uniform distribution, no bias, where torch's own is narrower and has a bias."""
    config = Config.fromfile(CONFIGS / name)
    with DefaultScope.overwrite_default_scope('vsslbox'):
        neck = MODELS.build(config.model.neck.to_dict())
    neck.init_weights()
    layers = [module for module in neck.modules() if isinstance(module, torch.nn.Linear)]
    assert len(layers) == config.model.neck.num_layers
    for layer in layers:
        bound = (6 / (layer.in_features + layer.out_features)) ** 0.5
        assert 0.999 * bound < layer.weight.abs().max() <= bound
        assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)
        assert (layer.bias == 0).all()


PRETRAINING = [
    str(path.relative_to(CONFIGS))
    for folder in ('cvrl', 'cvrl/ablations', 'simclr')
    for path in sorted((CONFIGS / folder).glob('*.py'))
]


@pytest.mark.parametrize('name', PRETRAINING)
def test_a_recipe_differs_from_the_code_where_its_name_says(name):
    """Padding, colour jitter and step length."""
    config = Config.fromfile(CONFIGS / name)
    if name.startswith('cvrl/'):
        symmetric = 'symmetric-padding' in name
        assert config.model.backbone.padding == ('symmetric' if symmetric else 'same')
    colors = [
        transform.type
        for step in list_steps(config.train_dataloader.dataset.pipeline)
        if step.type == 'AugmentViews'
        for transform in list_steps((step.transforms.get('defer') or {}).get('transforms', {}))
    ]
    without = any(part in name for part in ('rand-augment', 'temporal-only'))
    assert ('TensorFlowColorJitter' in colors) != without
    assert 'ColorJitter' not in colors
    gpus, videos = map(int, re.search(r'_(\d+)xb(\d+)-', name).groups())
    rate = 4.8 if 'lars' in name else 0.32 * gpus * videos / 1024
    rate *= gpus if 'summed-gradients' in name else 1
    assert config.optim_wrapper.optimizer.lr == pytest.approx(rate)
    assert config.train_dataloader.batch_size == videos
    assert config.train_cfg.max_epochs == int(re.search(r'-(\d+)e_', name)[1])
    assert config.train_cfg.max_epochs == config.param_scheduler.T_max


@pytest.mark.slow
def test_the_small_recipe_trains_on_real_clips(data_root, tmp_path):
    config = Config.fromfile(CONFIGS / DEMO)
    videos = str(data_root / 'formats/torchvision_assets/videos')
    loader = config.train_dataloader
    loader.update(batch_size=4, num_workers=0, persistent_workers=False)
    loader.dataset = on_videos(loader.dataset.to_dict(), videos)
    config.merge_from_dict(
        dict(work_dir=str(tmp_path), train_cfg=dict(max_epochs=6), log_level='ERROR')
    )
    runner = build_runner(config)
    start = {name: value.clone() for name, value in runner.model.state_dict().items()}
    runner.train()
    losses = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(losses) == 12
    assert np.isfinite(losses).all()
    trained = runner.model.state_dict()
    changed = {name for name in trained if not torch.equal(trained[name], start[name])}
    assert changed == set(trained)
    evaluated = Config.fromfile(CONFIGS / 'demo/retrieval_r3d18w16_8x3-64px.py').model
    with DefaultScope.overwrite_default_scope('vsslbox'):
        extractor = MODELS.build(evaluated.to_dict())
    load_weights(extractor, load_checkpoint(tmp_path / 'epoch_6.pth'), 'epoch_6.pth')
    weights = extractor.state_dict()
    assert all(torch.equal(weights[n], trained[n]) for n in weights if n.startswith('backbone'))
