"""Every config is whole: it passes the check, and its parts can be built."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import DefaultScope

from vsslbox.config.check import check_config
from vsslbox.datasets.transforms import ViewTransform
from vsslbox.registry import MODELS, TRANSFORMS

ROOT = Path(__file__).resolve().parents[1] / 'configs'
CONFIGS = sorted(
    str(path.relative_to(ROOT)) for path in ROOT.rglob('*.py') if '_base_' not in path.parts
)


def without_start_weights(node):
    """The same model, but from scratch: the files of start weights are not at hand."""
    if isinstance(node, dict):
        return {k: without_start_weights(v) for k, v in node.items() if k != 'init_cfg'}
    return node


def test_configs_were_found():
    assert len(CONFIGS) >= 17


@pytest.mark.parametrize('name', CONFIGS)
def test_config(name):
    config = Config.fromfile(ROOT / name)
    check_config(config)
    with DefaultScope.overwrite_default_scope(config.default_scope):
        model = MODELS.build(without_start_weights(config.model.to_dict()))
        assert sum(parameter.numel() for parameter in model.parameters()) > 1000
        for loader in ('train_dataloader', 'test_dataloader'):
            if config.get(loader) is not None:
                pipeline = [TRANSFORMS.build(step) for step in config[loader].dataset.pipeline]
                assert len(pipeline) >= 3


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
    steps = {step.type: step for step in config.train_dataloader.dataset.pipeline}
    assert steps['SampleSegmentTuples'].num_segments == num_segments
    assert config.model.num_segments == num_segments
    assert ('ShuffleOrder' in steps) == (config.model.order is not None) == (num_segments >= 3)
    if num_segments >= 3:
        assert steps['ShuffleOrder'].num_segments == num_segments
        assert config.model.order.num_segments == num_segments


def test_parameter_counts_of_vclr():
    """Trunk, four projections of 4 458 624 and the classifier, as the authors' network has them."""
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
