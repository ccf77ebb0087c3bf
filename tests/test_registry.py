"""Registries are children of mmengine's root and reachable from there and from mmaction2."""

import mmengine.registry
import pytest
from mmengine.registry import DefaultScope, Registry

import vsslbox.registry

# The kinds of components of the design.
KINDS = [
    'DATASETS',
    'DATA_SAMPLERS',
    'EVALUATOR',
    'FUNCTIONS',
    'HOOKS',
    'INFERENCERS',
    'LOG_PROCESSORS',
    'LOOPS',
    'METRICS',
    'MODELS',
    'MODEL_WRAPPERS',
    'OPTIMIZERS',
    'OPTIM_WRAPPERS',
    'OPTIM_WRAPPER_CONSTRUCTORS',
    'PARAM_SCHEDULERS',
    'RUNNERS',
    'TASK_UTILS',
    'TRANSFORMS',
    'VISBACKENDS',
    'VISUALIZERS',
    'WEIGHT_INITIALIZERS',
]


@pytest.fixture
def probe():
    """Register a class by decorator, as a user's code does, and remove it afterwards."""

    @vsslbox.registry.MODELS.register_module()
    class ProbeHead:
        def __init__(self, width: int):
            self.width = width

    yield ProbeHead
    del vsslbox.registry.MODELS.module_dict['ProbeHead']


@pytest.fixture(params=['vsslbox', 'mmaction', 'mmengine'])
def scope(request):
    """Run the test with each default scope that a config may name."""
    with DefaultScope.overwrite_default_scope(request.param):
        yield request.param


def test_the_kinds_are_those_of_the_design():
    assert vsslbox.registry.__all__ == KINDS


@pytest.mark.parametrize('kind', KINDS)
def test_every_registry_is_a_child_of_mmengines_root(kind):
    registry = getattr(vsslbox.registry, kind)
    root = getattr(mmengine.registry, kind)
    assert registry.parent is root
    assert registry.name == root.name
    assert registry.scope == 'vsslbox'
    assert root.children['vsslbox'] is registry


@pytest.mark.parametrize('kind', KINDS)
def test_the_locations_of_every_registry_import(kind):
    registry: Registry = getattr(vsslbox.registry, kind)
    registry.import_from_location()
    for name, component in registry.module_dict.items():
        if component.__module__.startswith('vsslbox.'):
            assert registry.get(f'vsslbox.{name}') is component


def test_a_decorated_class_is_built_from_the_root(probe, scope):
    built = mmengine.registry.MODELS.build(dict(type='vsslbox.ProbeHead', width=3))
    assert type(built) is probe
    assert built.width == 3


def test_a_decorated_class_is_built_from_mmactions_registry(probe, scope):
    from mmaction.registry import MODELS

    assert type(MODELS.build(dict(type='vsslbox.ProbeHead', width=3))) is probe


def test_the_scope_of_vsslbox_needs_no_prefix(probe):
    with DefaultScope.overwrite_default_scope('vsslbox'):
        assert type(mmengine.registry.MODELS.build(dict(type='ProbeHead', width=3))) is probe


def test_a_component_of_mmaction_is_reached_by_its_prefix():
    from mmaction.models import TSNHead

    assert vsslbox.registry.MODELS.get('mmaction.TSNHead') is TSNHead


@pytest.mark.parametrize('name', ['NoSuchModel', 'vsslbox.NoSuchModel', 'mmaction.NoSuchModel'])
def test_an_unknown_name_is_refused_by_name(name, scope):
    with pytest.raises(KeyError, match='NoSuchModel'):
        mmengine.registry.MODELS.build(dict(type=name))
    with pytest.raises(KeyError, match='NoSuchModel'):
        vsslbox.registry.MODELS.build(dict(type=name))


def test_a_name_cannot_be_registered_twice(probe):
    with pytest.raises(KeyError, match='ProbeHead is already registered'):
        vsslbox.registry.MODELS.register_module(name='ProbeHead', module=dict)
