"""Every config passes the check, and all that it describes can be built."""

import ast
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch.distributions import Distribution

from vsslbox.config.check import check_config
from vsslbox.datasets.transforms import ViewTransform
from vsslbox.datasets.transforms.steps import build_steps
from vsslbox.registry import MODELS, TRANSFORMS

ROOT = Path(__file__).resolve().parents[1] / 'configs'
CONFIGS = sorted(
    str(path.relative_to(ROOT)) for path in ROOT.rglob('*.py') if '_base_' not in path.parts
)


def without_start_weights(node):
    """Return the config of the same model from scratch: the files of start weights are missing."""
    if isinstance(node, dict):
        return {k: without_start_weights(v) for k, v in node.items() if k != 'init_cfg'}
    return node


def test_configs_were_found():
    assert len(CONFIGS) >= 17


@pytest.mark.parametrize('name', CONFIGS)
def test_config(name, monkeypatch):
    """Networks are built without values, which take time and, for the largest, too much memory."""
    monkeypatch.setattr(Distribution, '_validate_args', False)  # it would look at values
    config = Config.fromfile(ROOT / name)
    check_config(config)
    device = 'cpu' if 'bmn' in name else 'meta'  # BMN computes with the values of its mask
    with DefaultScope.overwrite_default_scope(config.default_scope):
        with torch.device(device):
            model = MODELS.build(without_start_weights(config.model.to_dict()))
        assert sum(parameter.numel() for parameter in model.parameters()) > 1000
        for loader in ('train_dataloader', 'test_dataloader'):
            if config.get(loader) is not None:
                assert len(build_steps(config[loader].dataset.pipeline)) >= 3


def bases_of(path):
    """Return the files that a config names in `_base_`."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == '_base_':
            bases = ast.literal_eval(node.value)
            return [path.parent / base for base in ([bases] if isinstance(bases, str) else bases)]
    return []


def depth(path):
    """Return the number of files in the longest chain of bases."""
    return 1 + max(map(depth, bases_of(path)), default=0)


@pytest.mark.parametrize('name', CONFIGS)
def test_config_reads_at_most_three_files_in_a_row(name):
    assert depth(ROOT / name) <= 3


@pytest.mark.parametrize('name', [name for name in CONFIGS if '/ablations/' in name])
def test_ablation_states_its_difference_alone(name):
    lines = (line.strip() for line in (ROOT / name).read_text().splitlines())
    assert sum(bool(line) and not line.startswith('#') for line in lines) <= 10


def test_view_transforms_have_a_common_base():
    assert issubclass(TRANSFORMS.get('ColorJitter'), ViewTransform)


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('intra', {'intra'}),
        ('inter', {'inter'}),
        ('video', {'video'}),
        ('order', {'order'}),
        ('inter-intra', {'inter', 'intra'}),
        ('inter-intra-order', {'inter', 'intra', 'order'}),
        ('inter-intra-video', {'inter', 'intra', 'video'}),
    ],
)
def test_loss_ablation_keeps_what_its_name_says(name, expected):
    path = ROOT / f'vclr/ablations/vclr_r50_8xb32-3seg-400e_kinetics400_{name}.py'
    model = Config.fromfile(path).model
    assert {n for n in ('inter', 'intra', 'video', 'order') if model[n] is not None} == expected


@pytest.mark.parametrize('num_segments', [1, 2, 4, 5])
def test_segment_ablation_is_consistent(num_segments):
    path = ROOT / f'vclr/ablations/vclr_r50_8xb32-{num_segments}seg-400e_kinetics400.py'
    config = Config.fromfile(path)
    steps = config.train_dataloader.dataset.pipeline
    assert steps.sample.num_segments == num_segments
    assert config.model.num_segments == num_segments
    assert (steps.order is not None) == (config.model.order is not None) == (num_segments >= 3)


def test_parameter_counts_of_vclr():
    """The trunk, four projections of 4 458 624 and the classifier count as the authors' do."""
    config = Config.fromfile(ROOT / 'vclr/vclr_r50_8xb32-3seg-400e_kinetics400.py')
    with DefaultScope.overwrite_default_scope(config.default_scope):
        model = MODELS.build(without_start_weights(config.model.to_dict()))

    def count(module):
        return sum(
            parameter.numel() for parameter in module.parameters() if parameter.requires_grad
        )

    assert count(model.backbone) == 23_508_032
    assert {name: count(neck) for name, neck in model.necks.items()} == dict.fromkeys(
        ('inter', 'intra', 'video', 'order'), 4_458_624
    )
    assert count(model.heads) == 3_076
    assert count(model) == 41_345_604
