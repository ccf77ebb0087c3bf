"""With synchronised BatchNorm, several processes train every method as one process does.

Each process has its share of the samples. Losses, gradients, weights, running statistics, queues
and banks are compared in float64 after every step or at the end.
"""

import pytest
import torch
from mmengine.config import Config
from mmengine.dist import get_rank, get_world_size
from mmengine.model import convert_sync_batchnorm

from tests.conftest import REPO
from tests.distributed import run_on_processes
from tests.tiny import tiny_vclr_cfg, views_and_samples
from tests.tiny_masked import masked_samples, tiny_video_mae_cfg
from tests.tiny_vie import AGGREGATION, RECOGNITION, clips_and_samples, tiny_vie_cfg
from vsslbox.engine.runner.ssl_runner import CPUDistributedDataParallel
from vsslbox.models.utils import SyncBatchNorm
from vsslbox.registry import MODELS

STEPS, BATCH, VIDEOS = 3, 8, 20
BATCH_NORM = dict(type='BN', requires_grad=True)
NARROW = dict(type='NarrowResNet', depth=18, base_channels=4, norm_cfg=BATCH_NORM)
NECK = dict(
    type='MLPNeck',
    in_channels=32,
    hidden_channels=16,
    out_channels=8,
    norm_cfg=dict(type='BN1d'),
    out_norm_cfg=dict(type='BN1d', affine=False),
)
CLIP_PARTS = dict(backbone=dict(type='R3DResNet', depth=18, base_channels=4), neck=NECK)


def vdim_cfg(kind):
    layers = Config.fromfile(REPO / 'configs/_base_/models/demo_vdim_layers.py').layers
    return dict(
        type=kind,
        backbone=dict(type='VDIMEncoder', base_channels=2, extra_blocks=0, layers=layers),
        neck=dict(type='ResidualMLPNeck', in_channels=16, out_channels=8),
        loss=dict(type='MultiScaleInfoNCELoss', layers=[4, 5, 7], other_layers=[7]),
    )


CONFIGS = {
    'VCLR': tiny_vclr_cfg(backbone=NARROW, neck=NECK, queue_size=64),
    'CVRL': dict(type='CVRL', loss=dict(type='NTXentLoss', temperature=0.1), **CLIP_PARTS),
    'rho-MoCo': dict(
        type='RhoMoCo',
        head=dict(
            type='QueueContrastHead',
            queue=dict(type='FeatureQueue', size=48, channels=8),
            loss=dict(type='InfoNCELoss', temperature=0.1),
        ),
        momentum=0.9,
        **CLIP_PARTS,
    ),
    'BYOL': dict(
        type='BYOL',
        predictor=dict(NECK, in_channels=8),
        loss=dict(type='CosineRegressionLoss'),
        momentum=0.9,
        **CLIP_PARTS,
    ),
    'rho-SimCLR': dict(type='RhoSimCLR', loss=dict(type='NTXentLoss'), **CLIP_PARTS),
    'SwAV': dict(
        type='SwAV',
        loss=dict(type='SwappedPredictionLoss'),
        channels=8,
        num_prototypes=6,
        frozen_steps=1,
        **CLIP_PARTS,
    ),
    'VDIM': vdim_cfg('VDIM'),
    'VDIM with the temporal difference': vdim_cfg('VDIMTemporalDifference'),
    'VideoMAE': tiny_video_mae_cfg(),
    'VideoMAE v2': tiny_video_mae_cfg(),
    'VIE, instance recognition': tiny_vie_cfg(VIDEOS, backbone=NARROW, loss=RECOGNITION),
    'VIE, local aggregation': tiny_vie_cfg(VIDEOS, backbone=NARROW, loss=AGGREGATION),
}


def batch(name, generator):
    """Draw the views and samples of all processes."""
    if name == 'VCLR':
        return views_and_samples(generator, BATCH, dtype=torch.float64)
    if name.startswith('VideoMAE'):
        return masked_samples(generator, BATCH, 'v2' in name, torch.float64)
    indices = torch.randperm(VIDEOS, generator=generator)[:BATCH].tolist()
    shapes = [(32, 64)] * 2
    if CONFIGS[name]['backbone']['type'] == 'R3DResNet':
        shapes = [(8, 24)] * 2 if name == 'CVRL' else [(4, 16)] * 3
    if name.startswith('VIE'):
        shapes = [(2, 24)]
    elif 'difference' in name:
        shapes = [(32, 64), (64, 64)]
    drawn = [clips_and_samples(generator, indices, *shape, torch.float64) for shape in shapes]
    return [clips for (clips,), _ in drawn], drawn[0][1]


def train(name):
    """Train on this process's share of the batches."""
    torch.manual_seed(0)
    model = MODELS.build(CONFIGS[name])
    model.init_weights()
    model = wrapped = model.double()
    if name.startswith('VIE'):
        model.bank.labels.copy_(torch.arange(VIDEOS) % 3)
    if get_world_size() > 1:  # as the runner does for `sync_bn='torch'`
        wrapped = CPUDistributedDataParallel(convert_sync_batchnorm(model), broadcast_buffers=False)
        has_norm = any(isinstance(module, SyncBatchNorm) for module in model.modules())
        assert has_norm == (not name.startswith('VideoMAE'))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    share = BATCH // get_world_size()
    first = get_rank() * share
    losses, gradients = [], []
    for step in range(STEPS):
        views, samples = batch(name, torch.Generator().manual_seed(step))
        views, samples = ([x[first : first + share] for x in views], samples[first:][:share])
        torch.manual_seed(step)
        torch.randint(VIDEOS, (first, RECOGNITION['num_noise']))  # what earlier samples draw
        loss = sum(wrapped(views, samples, mode='loss').values())
        optimizer.zero_grad()
        loss.backward()
        gradients.append(
            {n: p.grad.clone() for n, p in model.named_parameters() if p.requires_grad}
        )
        optimizer.step()
        model.update_after_step()
        losses.append(loss.detach())
    return dict(losses=losses, gradients=gradients, state=model.state_dict())


def train_all():
    return {name: train(name) for name in CONFIGS}


@pytest.fixture(scope='module')
def one():
    return train_all()


@pytest.fixture(scope='module')
def two():
    return run_on_processes(train_all, 2)


def assert_equal_one(one, several):
    """Compare in float64; each step multiplies what rounding changed, about 1e-12, by up to 10."""

    def assert_near(actual, expected, place):
        torch.testing.assert_close(
            actual, expected, rtol=1e-9, atol=1e-9, msg=lambda text: f'{place}: {text}'
        )

    assert one['losses'][-1] != one['losses'][0]
    for step in range(STEPS):
        mean_loss = torch.stack([result['losses'][step] for result in several]).mean()
        assert_near(mean_loss, one['losses'][step], f'loss of step {step}')
        for result in several:
            gradients = result['gradients'][step]
            assert gradients.keys() == one['gradients'][step].keys()
            for place, expected in one['gradients'][step].items():
                assert_near(gradients[place], expected, f'gradient of {place}, step {step}')
    for result in several:
        assert list(result['state']) == list(one['state'])
        for place, expected in one['state'].items():
            assert_near(result['state'][place], expected, place)


@pytest.mark.slow
@pytest.mark.parametrize('name', CONFIGS)
def test_two_processes(one, two, name):
    assert_equal_one(one[name], [result[name] for result in two])


@pytest.mark.slow
@pytest.mark.full
def test_four_processes(one):
    four = run_on_processes(train_all, 4)
    for name in CONFIGS:
        assert_equal_one(one[name], [result[name] for result in four])
