"""Whatever wraps a network's names, the same tensors are loaded, and none onto another's place."""

import re

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mmengine.registry import MODELS, DefaultScope
from torch import nn

from tests.conftest import examples
from vsslbox.checkpoints.importers.published_names import (
    cvrl_names,
    moco_names,
    vclr_names,
    vie_names,
)
from vsslbox.checkpoints.loading import CheckpointError, load_model, load_weights
from vsslbox.checkpoints.names import canonical_name, filling_prefixes, is_counter

# One backbone of each naming, at its smallest.
BACKBONES = {
    'ResNet': dict(type='NarrowResNet', depth=50, base_channels=2),
    'TSM': dict(type='NarrowResNetTSM', depth=50, base_channels=8, num_segments=4),
    'SlowOnly': dict(type='mmaction.ResNet3dSlowOnly', depth=50, base_channels=2, pretrained=None),
    'CVRL': dict(type='R3DResNet', depth=50, base_channels=2),
    'VIE': dict(type='PreActResNet3d', base_channels=2),
    'VDIM': dict(type='VDIMEncoder', base_channels=2),
}
# What other code puts before the names of the one network in a file.
WRAPPERS = ('module.', '_orig_mod.', 'backbone.', 'encoder.', 'model.', 'student.', 'teacher.')
prefixes = st.lists(st.sampled_from((*WRAPPERS, 'encoder_q.')), max_size=4).map(''.join)


def build(name):
    with DefaultScope.overwrite_default_scope('vsslbox'), torch.device('meta'):
        return MODELS.build(BACKBONES[name])


def small():
    """A network with convolutions and norms as mmaction2 names them, and a downsampling."""
    with DefaultScope.overwrite_default_scope('vsslbox'):
        return MODELS.build(dict(type='NarrowResNet', depth=18, base_channels=2))


NETWORK = small()
STATE = NETWORK.state_dict()


def assert_loaded(module, expected=STATE):
    state = module.state_dict()
    for name, value in expected.items():
        assert is_counter(name) or torch.equal(state[name], value), name


@pytest.mark.parametrize('name', BACKBONES)
def test_no_two_tensors_of_a_network_have_one_name(name):
    names = list(build(name).state_dict())
    for wrapper in ('', 'module._orig_mod.backbone.', 'teacher.'):
        assert len({canonical_name(wrapper + one) for one in names}) == len(names)


@given(prefixes, prefixes)
@settings(max_examples=examples(50))
def test_the_network_in_a_file_has_its_own_names_below_any_prefix(first, second):
    for name in STATE:
        assert canonical_name(first + second + name) == canonical_name(name)


@pytest.mark.slow
@given(prefixes)
@settings(max_examples=examples(10), suppress_health_check=[HealthCheck.too_slow])
def test_any_prefix_loads_the_same_tensors(prefix):
    module = small()
    other = {'optimizer_state': torch.ones(1), 'head.fc.weight': torch.ones(2, 2)}
    load_weights(module, dict(state_dict={prefix + n: w for n, w in STATE.items()} | other))
    assert_loaded(module)


@pytest.mark.slow
@given(st.lists(st.sampled_from(list(STATE)), unique=True, max_size=4))
@settings(max_examples=examples(10))
def test_a_part_may_be_compiled_on_its_own(parts):
    """``torch.compile`` of a layer puts its prefix in the middle of the names."""
    layers = {name.rpartition('.')[0] for name in parts}
    renamed = {}
    for name, value in STATE.items():
        layer, _, last = name.rpartition('.')
        renamed[f'{layer}._orig_mod.{last}' if layer in layers else name] = value
    module = small()
    load_weights(module, renamed)
    assert_loaded(module)


@pytest.mark.parametrize('compiled', ['file', 'model', 'both'])
def test_a_compiled_model_is_restored_name_by_name(tmp_path, compiled):
    plain = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    with torch.no_grad():
        saved = {name: torch.rand_like(value) for name, value in plain.state_dict().items()}
    if compiled != 'model':
        content = {f'module._orig_mod.{name}': value for name, value in saved.items()}
    else:
        content = saved
    torch.save(dict(state_dict=content), tmp_path / 'a.pth')
    load_model(plain if compiled == 'file' else torch.compile(plain), tmp_path / 'a.pth')
    assert_loaded(plain, saved)


def two_networks(first='student.', second='teacher.', prefix=''):
    return {
        **{f'{prefix}{first}{name}': value + 1 for name, value in STATE.items()},
        **{f'{prefix}{second}{name}': value for name, value in STATE.items()},
    }


@pytest.mark.parametrize('prefix', ['', 'module.', 'module._orig_mod.'])
@pytest.mark.parametrize('inner', ['', 'backbone.', 'module.backbone.'])
def test_of_student_and_teacher_one_must_be_chosen(prefix, inner):
    names = f'student.{inner}', f'teacher.{inner}'
    weights = two_networks(*names, prefix)
    choices = f"'{prefix}student.' or '{prefix}teacher.'"
    message = rf'several networks: .*; choose one with `prefix`, .*: {re.escape(choices)}$'
    with pytest.raises(CheckpointError, match=message):
        load_weights(small(), weights)
    module = small()
    load_weights(module, weights, prefix=f'{prefix}teacher.')
    assert_loaded(module)


def test_networks_may_be_dicts_of_their_own():
    """As in DINO's files."""
    student, teacher = ({f'module.backbone.{n}': v + k for n, v in STATE.items()} for k in (1, 0))
    content = dict(student=student, teacher=teacher, optimizer=dict(state={}), epoch=3)
    with pytest.raises(CheckpointError, match=r"choose one with .*: 'student\.' or 'teacher\.'"):
        load_weights(small(), content)
    module = small()
    load_weights(module, content, prefix='teacher.')
    assert_loaded(module)


def test_the_query_encoder_is_moco_and_the_key_encoder_can_be_chosen():
    weights = two_networks('encoder_k.', 'encoder_q.', 'module.')
    module = small()
    load_weights(module, weights)
    assert_loaded(module)
    keys = {name: value for name, value in weights.items() if 'encoder_k.' in name}
    with pytest.raises(CheckpointError, match=r"fills it: set `prefix`: 'module\.encoder_k\.'"):
        load_weights(module, keys)
    load_weights(module, keys, prefix='module.encoder_k.')
    assert_loaded(module, {name: value + 1 for name, value in STATE.items()})


def test_a_prefix_that_leaves_two_networks_is_made_longer():
    with pytest.raises(CheckpointError, match=r"'module\.student\.' or 'module\.teacher\.'"):
        load_weights(small(), two_networks(prefix='module.'), prefix='module.')


def test_a_model_with_two_networks_gets_both_from_its_own_file():
    """Their names are those of other code's wrappers, but here they are parts."""
    model = nn.ModuleDict({name: nn.Linear(2, 2) for name in ('backbone', 'encoder', 'teacher')})
    saved = {f'module.{n}': torch.rand_like(v) for n, v in model.state_dict().items()}
    load_weights(model, saved)
    assert_loaded(model, {name.removeprefix('module.'): v for name, v in saved.items()})


def test_prefixes_that_fill_a_network():
    names = [
        'a.backbone.weight',
        'a.backbone.bias',
        'b.weight',
        'b.bias',
        'c.weight',
        'd.weight',
        'd.weight_g',
    ]
    assert filling_prefixes(names, ['weight', 'bias']) == ['a.', 'b.']
    assert filling_prefixes(names, ['other']) == []


@pytest.mark.parametrize(
    ('name', 'names_of'),
    [
        ('ResNet', vclr_names),
        ('ResNet', moco_names),
        ('CVRL', cvrl_names),
        ('VIE', vie_names),
    ],
)
def test_published_names_map_one_to_one(name, names_of):
    backbone = [one for one in build(name).state_dict() if not is_counter(one)]
    names = names_of(list(build(name).state_dict()))
    assert len(set(names.values())) == len(names)
    assert {f'backbone.{one}' for one in backbone} <= names.keys()
    assert not any(is_counter(one) for one in names)


@pytest.mark.slow
@given(
    name=st.sampled_from(list(BACKBONES)),
    target=st.sampled_from(['module.', 'module._orig_mod.', 'encoder_q.', 'teacher.backbone.']),
    style=st.sampled_from(['as they are', 'torchvision']),
)
@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.too_slow])
def test_export_and_import_are_the_identity(name, target, style):
    """Every backbone comes back tensor by tensor from the names that other code gives it."""
    module = build(name)
    module.to_empty(device='cpu')
    rng = torch.Generator().manual_seed(0)
    saved = {
        one: torch.rand(value.shape, generator=rng).to(value.dtype)
        for one, value in module.state_dict().items()
    }
    rename = canonical_name if style == 'torchvision' else str
    exported = {target + rename(one): value for one, value in saved.items()}
    assert len(exported) == len(saved)
    report = load_weights(module, exported)
    assert not report.missing and not report.unused
    assert_loaded(module, saved)
