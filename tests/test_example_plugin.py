"""The example plug-in, installed as a user installs it and used from there."""

import importlib
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.registry import METRICS as ROOT_METRICS
from mmengine.registry import MODELS as ROOT_MODELS

from tests.evaluating import TINY, save_tiny_checkpoint, write_labelled_videos
from tests.tools import run_tool
from vsslbox.evaluation import FeatureSet
from vsslbox.models.losses import InfoNCELoss
from vsslbox.registry import METRICS, MODELS

REPO = Path(__file__).resolve().parent.parent
PLUGIN = REPO / 'projects' / 'example_plugin'
CONFIG = PLUGIN / 'configs' / 'vclr_tinyconvnet_1xb3-3seg-64px.py'
PROTOCOL = REPO / 'configs' / 'demo' / 'retrieval_r18w16_64px.py'

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
    """The installed package, imported; its components leave the registries afterwards."""
    sys.path.insert(0, str(site_packages))
    package = importlib.import_module('vsslbox_example_plugin')
    yield package
    sys.path.remove(str(site_packages))
    for name in package.__all__:
        (METRICS if name.endswith('Metric') else MODELS).module_dict.pop(name)
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
    assert ROOT_METRICS.get('vsslbox.NearestMeanMetric') is plugin.NearestMeanMetric


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


def test_the_loss_is_finite_for_the_worst_scores_in_half_precision(plugin):
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
def test_the_loss_refuses_options_out_of_range(plugin, options, message):
    with pytest.raises(ValueError, match=message):
        plugin.DebiasedInfoNCELoss(**options)


def test_the_backbone_halves_the_resolution_with_each_layer(plugin):
    net = MODELS.build(dict(type='TinyConvNet', channels=(4, 6)))
    assert net(torch.rand(2, 3, 20, 28)).shape == (2, 6, 5, 7)


def test_the_protocol_equals_a_literal_loop(plugin):
    generator = torch.Generator().manual_seed(0)
    sets = []
    for size in (30, 50):
        labels = torch.randint(4, (size,), generator=generator)
        features = torch.randn(size, 6, generator=generator) + F.one_hot(labels, 6)
        sets.append(FeatureSet(features, [dict(label='abcd'[label]) for label in labels]))
    queries, gallery = sets
    right = 0
    for query, label in zip(queries.features.double(), queries.column('label'), strict=True):
        similarities = {}
        for name in 'abcd':
            rows = [r for r, own in zip(gallery.features, gallery.column('label')) if own == name]
            mean = sum(row.double() / row.double().norm() for row in rows) / len(rows)
            similarities[name] = float(query @ mean / mean.norm())
        right += max(similarities, key=similarities.get) == label
    values = plugin.NearestMeanMetric()(queries, gallery)
    assert values == {'nearest_mean/label/top1': pytest.approx(100 * right / 30)}
    assert 40 < 100 * right / 30 < 100  # chance is 25


@pytest.fixture(scope='module')
def labelled(tmp_path_factory):
    """Labelled videos, a checkpoint, and a config that imports the plug-in."""
    folder = write_labelled_videos(tmp_path_factory.mktemp('videos'), num_test=6, num_train=8)
    save_tiny_checkpoint(folder / 'tiny.pth')
    imports = "custom_imports = dict(imports=['vsslbox_example_plugin'])"
    (folder / 'protocol.py').write_text(f'_base_ = {str(PROTOCOL)!r}\n{imports}\n')
    return folder


def evaluate(site_packages, labelled, out, *arguments, config='protocol.py'):
    """Evaluate the checkpoint as a user does."""
    where = ['--config', labelled / config, '--data-root', labelled, '--work-dir', out]
    tool = 'evaluate.py', labelled / 'tiny.pth', *where, *arguments, '--cfg-options', *TINY
    return run_tool(*tool, cwd=labelled, paths=[site_packages])


def test_the_protocol_appears_in_the_report_card_by_itself(site_packages, labelled, tmp_path):
    done = evaluate(site_packages, labelled, tmp_path, '--labels', 'motion')
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / 'report.json').read_text())['runs']['checkpoint']['metrics']
    protocols = list(dict.fromkeys(name.split('/')[0] for name in metrics))
    assert protocols == ['retrieval', 'knn', 'linear', 'svm', 'nearest_mean']
    accuracy = metrics['nearest_mean/motion/top1']
    assert 0 <= accuracy <= 100 and accuracy * 6 / 100 == pytest.approx(round(accuracy * 6 / 100))
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ['nearest_mean/motion/top1', '6', f'{accuracy:.1f}'] in [row[:3] for row in rows]
    assert '<span class="muted">nearest_mean/motion/' in (tmp_path / 'report.html').read_text()


def test_the_protocol_is_chosen_by_name(site_packages, labelled, tmp_path):
    options = '--labels', 'motion', '--protocols', 'nearest_mean'
    done = evaluate(site_packages, labelled, tmp_path, *options)
    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / 'report.json').read_text())['runs']['checkpoint']['metrics']
    assert list(metrics) == ['nearest_mean/motion/top1']
    without = evaluate(site_packages, labelled, tmp_path, *options, config=PROTOCOL)
    assert without.returncode == 1
    _, known = without.stderr.split("no protocol 'nearest_mean': choose from ")
    assert {'knn', 'linear', 'svm', 'retrieval'} <= set(known.replace(',', ' ').split())


def test_the_config_trains_with_the_components(site_packages, data_root, tmp_path):
    videos = data_root / 'formats' / 'torchvision_assets' / 'videos'
    done = run_tool(
        'train.py', CONFIG, '--data-root', videos, '--work-dir', tmp_path,
        '--cfg-options', 'train_cfg.max_epochs=2', cwd=tmp_path, paths=[site_packages],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second = (torch.load(tmp_path / f'epoch_{epoch}.pth')['state_dict'] for epoch in (1, 2))
    weight = 'backbone.layers.0.0.weight'
    assert first[weight].shape == (16, 3, 3, 3)
    assert not torch.equal(first[weight], second[weight])
    (scalars,) = tmp_path.glob('*/vis_data/scalars.json')
    rows = map(json.loads, scalars.read_text().splitlines())
    logged = [row for row in rows if 'loss' in row]
    assert len(logged) == 6  # 2 epochs of 9 videos, 3 a batch
    # Scores lie within e ** -2 and e ** 2; the bound is all 64 stored keys at the far end.
    bound = math.log(1 + 64 * math.exp(4) / 0.9)
    for entry in logged:
        assert 0 < entry['loss_inter'] < bound
        assert 0 < entry['loss_video'] < bound
