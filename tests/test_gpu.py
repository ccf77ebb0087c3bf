"""What only a CUDA device runs. tools/benchmark/gpu.sh runs these tests alone."""

import copy
import re

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate, pseudo_collate

from tests.conftest import REPO
from tests.distributed import free_port
from tests.tiny import TinyViews, tiny_vclr
from tests.tools import run_tool
from tests.training import DEMOS, demo_config
from vsslbox.apis import VideoEmbedder
from vsslbox.apis.command_line import build_runner
from vsslbox.datasets.transforms import AugmentViews, PackViews
from vsslbox.evaluation.functional import nearest_neighbours
from vsslbox.evaluation.functional.attentive_probes import ProbeSetting, train_probes
from vsslbox.models.data_preprocessors import ViewsPreprocessor
from vsslbox.models.heads.attentive_probe_head import AttentiveProbeHead
from vsslbox.registry import OPTIM_WRAPPERS
from vsslbox.structures import View

COLOURS = ('ColorJitter', 'TensorFlowColorJitter', 'RandomGrayscale', 'GaussianBlur', 'Solarize')

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason='there is no CUDA device'),
]


@pytest.fixture(autouse=True)
def exact():
    """Products of float32 without TF32."""
    modules = torch.backends.cuda.matmul, torch.backends.cudnn
    before = [module.allow_tf32 for module in modules]
    for module in modules:
        module.allow_tf32 = False
    yield
    for module, value in zip(modules, before):
        module.allow_tf32 = value


@pytest.mark.parametrize('name', [*COLOURS, 'LabChannelDropout'])
def test_deferred_colours_are_those_of_the_cpu(name):
    rng = np.random.default_rng(0)
    view = View('query', np.arange(2), [rng.integers(256, size=(24, 24, 3), dtype=np.uint8)] * 2)
    results = {'views': [view], 'rng': rng, 'index': 0, 'attributes': {}}
    deferred = {'type': 'Defer', 'transforms': [{'type': name, 'prob': 1}]}
    batch = default_collate([PackViews()(AugmentViews([deferred])(results))])
    (expected,) = ViewsPreprocessor(mean=[0] * 3, std=[1] * 3)(batch)['inputs']
    (found,) = ViewsPreprocessor(mean=[0] * 3, std=[1] * 3).cuda()(batch)['inputs']
    assert found.is_cuda
    assert (found.cpu() - expected).abs().max() < 0.05  # of 255


def train(model, kind, steps=3):
    """Train on the same samples, and return the losses and the weights."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    wrapper = OPTIM_WRAPPERS.build(dict(type=kind, optimizer=optimizer))
    losses = []
    for step in range(steps):
        torch.manual_seed(step)
        batch = pseudo_collate([TinyViews()[8 * step + number] for number in range(8)])
        batch['inputs'] = [torch.stack(list(views)) for views in batch['inputs']]
        losses.append(model.train_step(batch, wrapper)['loss'].item())
        model.update_after_step(progress=step / steps)
    return losses, {name: value.cpu() for name, value in model.state_dict().items()}


def test_a_training_is_that_of_the_cpu():
    model = tiny_vclr()
    losses, weights = train(copy.deepcopy(model), 'OptimWrapper')
    on_gpu, found = train(model.cuda(), 'OptimWrapper')
    assert on_gpu == pytest.approx(losses, rel=1e-3)
    for name, expected in weights.items():
        if expected.is_floating_point():
            assert torch.allclose(found[name], expected, rtol=1e-2, atol=1e-3), name


@pytest.mark.parametrize('kind', ['Bfloat16OptimWrapper', 'AmpOptimWrapper'])
def test_half_precision_trains(kind):
    model = tiny_vclr()
    losses, _ = train(copy.deepcopy(model).cuda(), 'OptimWrapper')
    found, weights = train(model.cuda(), kind)
    assert found == pytest.approx(losses, rel=0.05)
    assert all(value.isfinite().all() for value in weights.values() if value.is_floating_point())


@pytest.mark.parametrize('precision', ['float32', 'bfloat16'])
def test_neighbours_are_those_of_the_cpu(precision):
    rows = torch.randn(500, 64, generator=torch.Generator().manual_seed(0))
    expected = nearest_neighbours(rows[:100], rows[100:], 10, precision=precision)
    found = nearest_neighbours(rows[:100].cuda(), rows[100:].cuda(), 10, precision=precision)
    assert torch.equal(found[1].cpu(), expected[1])
    assert torch.allclose(found[0].cpu(), expected[0])


@pytest.mark.parametrize('method', DEMOS)
def test_losses_of_each_method_are_those_of_the_cpu(method, video_folder, tmp_path):
    """A second step multiplies rounding, as BatchNorm has few samples, and bfloat16 more."""
    runner = build_runner(demo_config(method, video_folder, tmp_path))
    model = runner.model.cpu()
    found = {}
    for kind in ('cpu', 'gpu', 'bfloat16'):
        own = copy.deepcopy(model)
        own = own if kind == 'cpu' else own.cuda()
        optimizer = torch.optim.SGD(own.parameters(), lr=1e-3)
        name = 'Bfloat16OptimWrapper' if kind == 'bfloat16' else 'OptimWrapper'
        wrapper = OPTIM_WRAPPERS.build(dict(type=name, optimizer=optimizer))
        runner.train_dataloader.sampler.set_epoch(0)
        found[kind] = []
        for step, batch in enumerate(runner.train_dataloader):
            torch.manual_seed(step)
            found[kind].append(own.train_step(batch, wrapper)['loss'].item())
            own.update_after_step(progress=step / 8)
    first, second = found['cpu']
    assert found['gpu'][0] == pytest.approx(first, rel=1e-3, abs=1e-4)
    assert found['gpu'][1] == pytest.approx(second, rel=0.05, abs=0.01)
    assert np.isfinite(found['bfloat16'][0])


@pytest.mark.parametrize('depth', [1, 2])
def test_attentive_probes_are_those_of_the_cpu(depth):
    torch.manual_seed(0)
    start = AttentiveProbeHead(16, 3, depth=depth, num_heads=4)
    tokens, labels = torch.randn(12, 10, 16), torch.randint(3, (12,))
    settings = [ProbeSetting(1e-3, 0.1), ProbeSetting(1e-2, 0.0)]
    found = []
    for device in ('cpu', 'cuda'):
        heads = [copy.deepcopy(start).to(device) for _ in settings]
        train_probes(heads, settings, tokens.__getitem__, labels, epochs=2, batch_size=6)
        found.append([[p.detach().cpu() for p in head.parameters()] for head in heads])
    for ours, others in zip(*found):
        for own, other in zip(ours, others):
            torch.testing.assert_close(own, other, rtol=1e-3, atol=1e-4)


def test_features_of_videos_are_those_of_the_cpu(video_folder):
    features = [
        VideoEmbedder('zoo://vclr_r18w16_demo', device=device)(video_folder)['predictions']
        for device in ('cpu', 'cuda')
    ]
    np.testing.assert_allclose(features[1], features[0], rtol=1e-3, atol=1e-3)


def last_loss(video_folder, work_dir, *options):
    """Train CVRL for two epochs in one process of a group, and return the last loss."""
    config = REPO / 'configs' / 'demo' / DEMOS['cvrl']
    done = run_tool(
        'train.py', config, '--data-root', video_folder, '--work-dir', work_dir, '--epochs', 2,
        '--launcher', 'pytorch', '--seed', 0, '--cfg-options', 'train_dataloader.batch_size=4',
        'train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False', *options,
        RANK='0', LOCAL_RANK='0', WORLD_SIZE='1', MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(free_port()),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return float(re.findall(r'Epoch\(train\).* loss: ([0-9.]+)', done.stdout)[-1])


def test_a_group_of_processes_trains_with_nccl(video_folder, tmp_path):
    """With torch's SyncBatchNorm, as whole weights and in shares."""
    plain = last_loss(video_folder, tmp_path / 'plain')
    synced = last_loss(video_folder, tmp_path / 'synced', 'sync_bn=torch')
    shares = last_loss(video_folder, tmp_path / 'shares', 'fully_shard=True')
    assert [synced, shares] == pytest.approx([plain] * 2, rel=1e-2)
