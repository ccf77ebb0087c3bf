"""The example plug-in, installed as a user installs it and used from there."""

import importlib
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import MODELS as ROOT_MODELS

from vsslbox.models.losses import InfoNCELoss
from vsslbox.registry import MODELS

REPO = Path(__file__).resolve().parent.parent
PLUGIN = REPO / 'projects' / 'example_plugin'
CONFIG = PLUGIN / 'configs' / 'vclr_tinyconvnet_1xb3-3seg-64px.py'

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def site_packages(tmp_path_factory) -> Path:
    """A folder into which pip has installed the plug-in, from a copy: building writes beside it."""
    sources = tmp_path_factory.mktemp('sources') / PLUGIN.name
    shutil.copytree(PLUGIN, sources, ignore=shutil.ignore_patterns('build', '*.egg-info'))
    target = tmp_path_factory.mktemp('site-packages')
    pip = [sys.executable, '-m', 'pip', 'install', '--quiet']
    options = ['--no-deps', '--no-build-isolation', '--target', str(target), str(sources)]
    subprocess.run(pip + options, check=True)
    return target


@pytest.fixture(scope='module')
def plugin(site_packages):
    """The installed package, imported; what it registered is taken out afterwards."""
    sys.path.insert(0, str(site_packages))
    package = importlib.import_module('vsslbox_example_plugin')
    yield package
    sys.path.remove(str(site_packages))
    for name in package.__all__:
        del MODELS.module_dict[name]
    for name in [name for name in sys.modules if name.startswith(package.__name__)]:
        del sys.modules[name]


def embeddings(*shape: int) -> torch.Tensor:
    return F.normalize(torch.randn(*shape, dtype=torch.float64), dim=-1)


def literal_loss(query, positive, negatives, temperature, prior):
    """The debiased objective, term by term."""
    total = 0
    for q, p in zip(query, positive, strict=True):
        positive_score = torch.exp(q @ p / temperature)
        scores = [torch.exp(q @ n / temperature) for n in negatives]
        estimate = (sum(scores) / len(scores) - prior * positive_score) / (1 - prior)
        lowest = torch.exp(torch.tensor(-1 / temperature, dtype=torch.float64))
        estimate = estimate if estimate > lowest else lowest
        total -= torch.log(positive_score / (positive_score + len(scores) * estimate))
    return total / len(query)


def test_importing_the_package_registers_its_components(plugin, site_packages):
    assert Path(plugin.__file__).is_relative_to(site_packages)
    assert ROOT_MODELS.get('vsslbox.DebiasedInfoNCELoss') is plugin.DebiasedInfoNCELoss
    assert ROOT_MODELS.get('vsslbox.TinyConvNet') is plugin.TinyConvNet


@pytest.mark.parametrize('temperature', [0.07, 0.5])
@pytest.mark.parametrize('prior', [0.0, 0.1, 0.9])
def test_the_loss_equals_a_literal_loop(plugin, temperature, prior):
    torch.manual_seed(0)
    query, positive, negatives = embeddings(5, 8), embeddings(5, 8), embeddings(20, 8)
    query.requires_grad_()
    loss = plugin.DebiasedInfoNCELoss(temperature, prior)(query, positive, negatives)
    wanted = literal_loss(query, positive, negatives, temperature, prior)
    torch.testing.assert_close(loss, wanted)
    torch.testing.assert_close(torch.autograd.grad(loss, query), torch.autograd.grad(wanted, query))


def test_the_loss_without_a_prior_is_info_nce(plugin):
    torch.manual_seed(0)
    batch = embeddings(5, 8), embeddings(5, 8), embeddings(20, 8)
    loss = plugin.DebiasedInfoNCELoss(temperature=0.1, class_prior=0)(*batch)
    torch.testing.assert_close(loss, InfoNCELoss(temperature=0.1)(*batch))


def test_the_loss_bears_the_worst_scores_in_half_precision(plugin):
    query = F.normalize(torch.ones(2, 4), dim=1).half().requires_grad_()
    loss = plugin.DebiasedInfoNCELoss(temperature=0.01)(query, -query, query[:1])
    loss.backward()
    # Positive at -1, the negative at +1: (1 - -1) / 0.01, plus -log(1 - 0.1) of the correction.
    assert loss.item() == pytest.approx(200.105, abs=0.2)
    assert query.grad.isfinite().all()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(temperature=0), 'temperature must be positive, got 0'),
        (dict(class_prior=1.0), 'class_prior must be at least 0 and below 1, got 1.0'),
    ],
)
def test_the_loss_refuses_what_has_no_meaning(plugin, options, message):
    with pytest.raises(ValueError, match=message):
        plugin.DebiasedInfoNCELoss(**options)


def test_the_backbone_halves_the_resolution_with_each_layer(plugin):
    net = MODELS.build(dict(type='TinyConvNet', channels=(4, 6)))
    assert net(torch.rand(2, 3, 20, 28)).shape == (2, 6, 5, 7)


def test_the_config_trains_with_the_components(site_packages, data_root, tmp_path):
    videos = data_root / 'formats' / 'torchvision_assets' / 'videos'
    search_path = os.pathsep.join([str(site_packages), str(REPO)])
    command = [sys.executable, str(REPO / 'tools' / 'train.py'), str(CONFIG)]
    options = ['--data-root', str(videos), '--work-dir', str(tmp_path)]
    subprocess.run(
        [*command, *options, '--cfg-options', 'train_cfg.max_epochs=2'],
        env={**os.environ, 'PYTHONPATH': search_path},
        cwd=tmp_path,
        check=True,
    )
    first, second = (torch.load(tmp_path / f'epoch_{epoch}.pth')['state_dict'] for epoch in (1, 2))
    weight = 'backbone.layers.0.0.weight'
    assert first[weight].shape == (16, 3, 3, 3)
    assert not torch.equal(first[weight], second[weight])
    (scalars,) = tmp_path.glob('*/vis_data/scalars.json')
    logged = [json.loads(line) for line in scalars.read_text().splitlines()]
    assert len(logged) == 6  # 2 epochs of 9 videos, 3 a batch
    # Scores lie within e ** -2 and e ** 2; the bound is all 64 stored keys at the far end.
    bound = math.log(1 + 64 * math.exp(4) / 0.9)
    for entry in logged:
        assert 0 < entry['loss_inter'] < bound
        assert 0 < entry['loss_video'] < bound
