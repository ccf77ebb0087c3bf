"""The full check of a config, before anything is built from it.

mmengine notices a wrong name when it builds the component that has it: one at a time, and often
after minutes of reading data. And a class that takes ``**kwargs`` may swallow a misspelt argument
without a word. The check here looks up every component that the config names, compares what is
given with the signatures, and reports all that is wrong together.
"""

import ast
import functools
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from typing import NamedTuple

from mmengine import Config
from mmengine import registry as root
from mmengine.registry import Registry
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from vsslbox import registry as ours
from vsslbox.errors import InputError

__all__ = ['TOP_LEVEL', 'ConfigError', 'check_config']

# What may stand at a place in a config; None where it may be any component.
Kind = Registry | type[DataLoader] | None

_KINDS: dict[str, Kind] = {  # by the key under which it stands
    'batch_sampler': root.DATA_SAMPLERS,
    'collate_fn': root.FUNCTIONS,
    'constructor': root.OPTIM_WRAPPER_CONSTRUCTORS,
    'custom_hooks': root.HOOKS,
    'data_preprocessor': root.MODELS,
    'dataset': root.DATASETS,
    'datasets': root.DATASETS,
    'default_hooks': root.HOOKS,
    'init_cfg': root.WEIGHT_INITIALIZERS,
    'log_processor': root.LOG_PROCESSORS,
    'metrics': root.METRICS,
    'model': root.MODELS,
    'model_wrapper_cfg': root.MODEL_WRAPPERS,
    'optim_wrapper': root.OPTIM_WRAPPERS,
    'optimizer': root.OPTIMIZERS,
    'param_scheduler': root.PARAM_SCHEDULERS,
    'pipeline': root.TRANSFORMS,
    'sampler': root.DATA_SAMPLERS,
    'test_cfg': root.LOOPS,
    'test_dataloader': DataLoader,
    'test_evaluator': root.METRICS,
    'train_cfg': root.LOOPS,
    'train_dataloader': DataLoader,
    'transforms': root.TRANSFORMS,
    'val_cfg': root.LOOPS,
    'val_dataloader': DataLoader,
    'val_evaluator': root.METRICS,
    'vis_backends': root.VISBACKENDS,
    'visualizer': root.VISUALIZERS,
    'worker_init_fn': root.FUNCTIONS,
}
# Functions stand in dataloaders only.
_ALL_KINDS = [getattr(root, name) for name in ours.__all__ if name != 'FUNCTIONS']

# The top-level names that the engine reads: the arguments of Runner, and what it or the tools look
# up in the config itself. All others are variables of the user's own.
TOP_LEVEL = {
    *inspect.signature(Runner).parameters,
    'activation_checkpointing',
    'compile',
    'custom_imports',
    'efficient_conv_bn_eval',
    'find_unused_parameters',
    'model_wrapper_cfg',
    'runner_type',
    'sync_bn',
}
# Where a dict without `type` is settings of the component that has it.
_MAY_BE_SETTINGS = (None, root.MODELS, root.WEIGHT_INITIALIZERS)
# A variable of the user's own is reported when it is as close as this to a name of the engine's.
_NEAR_MISS = 0.85

# What the engine hands to a component, by kind.
_GIVEN = {
    root.DATA_SAMPLERS: {'batch_size', 'dataset', 'sampler', 'seed'},
    root.LOOPS: {'dataloader', 'evaluator', 'runner'},
    root.MODEL_WRAPPERS: {'module'},
    root.OPTIM_WRAPPER_CONSTRUCTORS: {'optim_wrapper_cfg'},
    root.OPTIMIZERS: {'params'},
    root.OPTIM_WRAPPERS: {'optimizer'},
    root.PARAM_SCHEDULERS: {'optimizer'},
    root.VISBACKENDS: {'save_dir'},
}
# What the engine takes out of a component's dict before it is built, by kind.
_TAKEN = {
    root.HOOKS: {'priority'},
    root.OPTIM_WRAPPERS: {'constructor', 'paramwise_cfg'},
    root.PARAM_SCHEDULERS: {'convert_to_iter_based'},
    root.VISBACKENDS: {'name'},
    root.WEIGHT_INITIALIZERS: {'name', 'override'},
}
_TAKEN_FROM_DATALOADER = {'disable_subprocess_warning', 'num_batch_per_epoch'}

# Dicts whose `type` is no registered name: the component that has them reads them itself. Such are
# the consensus of TSN's head and the pathways of SlowFast (mmaction2), and how gradients are
# clipped (mmengine).
_READ_BY_OWNER = ('clip_grad', 'consensus', 'fast_pathway', 'slow_pathway')
_READERS = ('Imgaug', 'mmaction.Imgaug')
# mmaction2 builds backbones with these prefixes by the packages' own functions.
_FOREIGN_BACKBONES = ('timm.', 'torchvision.')
_BY_KEYWORD = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
# Layers take further arguments from the module that builds them, so only their types are checked.
_LAYERS = ('act_cfg', 'conv_cfg', 'norm_cfg')


class ConfigError(InputError):
    """A config with something wrong in it; the message lists everything, one line each."""


class _Signature(NamedTuple):
    """What a callable accepts."""

    accepted: frozenset[str]
    required: frozenset[str]
    defaults: dict[str, object]
    takes_anything: bool


def check_config(cfg: Config) -> None:
    """Check every name in a config without building anything.

    Checked are the types of all components, the arguments given to each (unknown ones and missing
    ones), and top-level variables that look like a misspelt name of the engine's. Other top-level
    variables are the user's own.

    Args:
        cfg: A config for :class:`mmengine.runner.Runner`.

    Raises:
        ConfigError: Something is wrong; all of it is in the message, with its place in the config
            and the nearest right name.
    """
    problems = list(_check_top_level_names(cfg))
    scope = cfg.get('default_scope') or 'mmengine'
    if _is_installed(scope):
        for key, value in cfg.items():
            if key in _KINDS and key in TOP_LEVEL:
                problems += _walk(*_with_default_type(key, value), key, scope)
    else:
        problems.append(f"default_scope: the package '{scope}' is not installed")
    if problems:
        count = f'{len(problems)} problem' + 's' * (len(problems) > 1)
        source = cfg.filename or 'the config'
        raise ConfigError('\n  '.join([f'{count} in {source}:', *problems]))


def _check_top_level_names(cfg: Config) -> Iterator[str]:
    for key in cfg:
        near = get_close_matches(key, TOP_LEVEL, 1, _NEAR_MISS)
        if near and near[0] != key:
            yield f"{key}: nothing reads this variable; did you mean '{near[0]}'?"
    if 'model' not in cfg:
        yield 'model: is missing; every config needs it'


def _with_default_type(key: str, value: object) -> tuple[object, Kind]:
    """A top-level component, with the type that the engine takes where none is given; its kind."""
    kind = _KINDS[key]
    if not isinstance(value, dict) or 'type' in value:
        return value, kind
    if key == 'train_cfg' and 'by_epoch' in value:
        by_epoch = value['by_epoch']
        rest = {name: setting for name, setting in value.items() if name != 'by_epoch'}
        return dict(rest, type='EpochBasedTrainLoop' if by_epoch else 'IterBasedTrainLoop'), kind
    if key.endswith('_evaluator') and 'metrics' in value:
        return dict(value, type='Evaluator'), root.EVALUATOR
    if key == 'optim_wrapper' and 'optimizer' not in value:
        return value, kind  # several optimizers, put together by a constructor
    default = {
        'val_cfg': 'ValLoop',
        'test_cfg': 'TestLoop',
        'log_processor': 'LogProcessor',
        'optim_wrapper': 'OptimWrapper',
    }
    return (dict(value, type=default[key]) if key in default else value), kind


def _walk(node: object, kind: Kind, place: str, scope: str) -> Iterator[str]:
    """Check a part of the config and all below it."""
    if isinstance(node, (list, tuple)):
        for index, item in enumerate(node):
            yield from _walk(item, kind, f'{place}[{index}]', scope)
    if isinstance(node, str) and kind is root.OPTIM_WRAPPER_CONSTRUCTORS:
        node = {'type': node}
    if not isinstance(node, dict):
        return
    scope = node.get('_scope_', scope)
    if not _is_installed(scope):
        yield f"{place}._scope_: the package '{scope}' is not installed"
        return
    if kind is DataLoader:
        yield from _check_dataloader(node, place)
    elif 'type' in node:
        yield from _check_component(node, kind, place, scope)
    else:
        yield from _check_untyped(node, kind, place)
    for key, value in node.items():
        if key not in _READ_BY_OWNER and node.get('type') not in _READERS:
            kind_below = _kind_below(kind, key, is_component='type' in node)
            yield from _walk(value, kind_below, f'{place}.{key}', scope)


def _kind_below(kind: Kind, key: str, is_component: bool) -> Kind:
    """What stands under a key of a dict, which is a component or a mapping of names to some."""
    if kind is root.MODELS:
        return root.WEIGHT_INITIALIZERS if key == 'init_cfg' else kind
    if kind is root.WEIGHT_INITIALIZERS:
        return kind
    if isinstance(kind, Registry) and not is_component:
        return kind
    return DataLoader if str(key).endswith('_dataloader') else _KINDS.get(key)


def _check_component(cfg: dict, kind: Kind, place: str, scope: str) -> Iterator[str]:
    kind_name = kind.name if isinstance(kind, Registry) else 'component'
    type_ = cfg['type']
    if not isinstance(type_, str) and not callable(type_):
        yield f'{place}.type: is {type_!r}; give the name of a {kind_name} or a class'
        return
    if place.endswith('backbone') and str(type_).startswith(_FOREIGN_BACKBONES):
        return
    if kind is root.FUNCTIONS:
        scope = 'mmengine'  # the engine looks them up without regard to the default scope
    kind, target = _find(type_, kind, scope)
    if target is None:
        yield (
            f"{place}.type: there is no {kind_name} '{type_}' in scope '{scope}'"
            f'{_nearest_type(type_, kind, scope)}'
        )
    elif not place.endswith(_LAYERS):
        yield from _check_arguments(cfg, place, kind, target)
        yield from _check_defaults(cfg, place, kind, target, scope)


def _check_untyped(cfg: dict, kind: Kind, place: str) -> Iterator[str]:
    names = [str(key) for key, value in cfg.items() if isinstance(value, str)]
    near = get_close_matches('type', names, 1, _NEAR_MISS)
    if near:
        yield f"{place}.{near[0]}: did you mean 'type'?"
    elif place == 'model' or (kind not in _MAY_BE_SETTINGS and not _is_group(cfg)):
        yield f"{place}: has no 'type', the name of a {kind.name}"


def _is_group(cfg: dict) -> bool:
    """Whether a dict without ``type`` can be a mapping of names to components, as of hooks."""
    return all(value is None or isinstance(value, (dict, list, tuple)) for value in cfg.values())


def _check_dataloader(cfg: dict, place: str) -> Iterator[str]:
    accepted = _signature(DataLoader).accepted | _TAKEN_FROM_DATALOADER
    for key in cfg:
        if key not in accepted:
            yield f'{place}.{key}: a dataloader has no such argument{_hint(key, accepted)}'
    for key in ('dataset', 'sampler'):
        if key not in cfg:
            yield f"{place}: a dataloader needs '{key}'"


def _check_arguments(cfg: dict, place: str, kind: Registry, target: Callable) -> Iterator[str]:
    signature = _signature(target)
    name = getattr(target, '__name__', cfg['type'])
    accepted = signature.accepted | _TAKEN.get(kind, set()) | {'type', '_scope_'}
    for key in (key for key in cfg if key not in accepted):
        # Where anything is taken, a near miss of a known name is still more likely a slip.
        if not signature.takes_anything or get_close_matches(key, accepted, 1, 0.8):
            yield f'{place}.{key}: {name} has no such argument{_hint(key, signature.accepted)}'
    if kind is root.FUNCTIONS:
        return  # the dataloader calls them with arguments of its own
    for key in sorted(signature.required - set(cfg) - _GIVEN.get(kind, set())):
        yield f"{place}: {name} needs '{key}'"
    if cfg.get('init_cfg') and _ignores_init_cfg(target):
        yield (
            f'{place}.init_cfg: {name} never reads it, its init_weights has a way of its own; '
            'give it to the model above if that takes one'
        )


def _check_defaults(
    cfg: dict, place: str, kind: Kind, target: Callable, scope: str
) -> Iterator[str]:
    """Check components that a signature has as defaults: their names may lack the scope here."""
    for key, default in _signature(target).defaults.items():
        if key not in cfg and key not in _READ_BY_OWNER and isinstance(default, dict):
            below = _kind_below(kind, key, is_component=True)
            for problem in _walk(default, below, f'{place}.{key}', scope):
                yield f'{problem} (a default; give it in the config)'


def _find(type_: str | Callable, kind: Kind, scope: str) -> tuple[Kind, Callable | None]:
    """Look up a component as the engine will: the kind it was found under, and the component."""
    if callable(type_):
        return kind, type_
    any_kind = kind is None or kind is root.MODELS
    for candidate in [root.MODELS, *_ALL_KINDS] if any_kind else [kind]:
        with candidate.switch_scope_and_registry(scope) as registry, suppress(RuntimeError):
            found = registry.get(type_)  # raises for a string that can't be a name
            if callable(found):
                return candidate, found
    return kind, None


def _is_installed(package: str) -> bool:
    return package in sys.modules or importlib.util.find_spec(package) is not None


def _nearest_type(type_: str, kind: Kind, scope: str) -> str:
    prefix, _, name = type_.rpartition('.')
    package = prefix.partition('.')[0]
    if package and not _is_installed(package):
        return f"; the package '{package}' is not installed"
    labels = {}
    for registry in _ALL_KINDS if kind is None else [kind]:
        for child in registry.children.values():
            labels |= {known: f'{child.scope}.{known}' for known in child.module_dict}
        in_scope = registry.children.get(scope, registry)
        labels |= {known: known for known in in_scope.module_dict | registry.module_dict}
    near = get_close_matches(name, labels, 1)
    return f"; did you mean '{labels[near[0]]}'?" if near else ''


def _hint(key: str, accepted: Iterable[str]) -> str:
    """The end of a message: the argument with the nearest name, or all."""
    near = get_close_matches(key, accepted, 1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f'; it takes {textwrap.shorten(", ".join(sorted(accepted)), 200) or "none"}'


@functools.cache
def _signature(target: Callable) -> _Signature:
    """What a class or function accepts by keyword.

    Where ``__init__`` hands its ``**kwargs`` on to the next class, what that one accepts is
    accepted as well. Where it does something else with them, anything is. What a base class
    requires may come from the class itself, so only the first ``__init__`` requires arguments.
    """
    defaults: dict[str, object] = {}
    required: list[set[str]] = []
    takes_anything = False
    for function in _constructors(target):
        try:
            parameters = inspect.signature(function).parameters.values()
        except ValueError:  # a function written in C
            return _Signature(frozenset(), frozenset(), {}, takes_anything=True)
        named = [item for item in parameters if item.kind in _BY_KEYWORD and item.name != 'self']
        defaults = {item.name: item.default for item in named} | defaults
        required.append({item.name for item in named if item.default is item.empty})
        kwargs = next((item.name for item in parameters if item.kind is item.VAR_KEYWORD), None)
        if kwargs is None:
            break
        takes_anything |= not _hands_on(function, kwargs)
    first_required = required[0] if required else set()
    return _Signature(frozenset(defaults), frozenset(first_required), defaults, takes_anything)


def _constructors(target: Callable) -> list[Callable]:
    """The functions that get a component's arguments: of a class every ``__init__`` in turn."""
    if not inspect.isclass(target) or target.__new__ is not object.__new__:
        return [target]
    # The last two have signatures that take anything, and refuse it.
    classes = [cls for cls in target.__mro__ if cls not in (nn.Module, object)]
    return [vars(cls)['__init__'] for cls in classes if '__init__' in vars(cls)]


def _hands_on(init: Callable, kwargs: str) -> bool:
    """Whether an ``__init__`` uses its ``**kwargs`` for nothing but the next ``__init__``."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(init)))
    except (OSError, TypeError, SyntaxError):  # no source at hand
        return False
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == kwargs]
    handed_on = [
        keyword.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, 'attr', None) == '__init__'
        for keyword in node.keywords
        if keyword.arg is None
    ]
    return all(use in handed_on for use in uses)


def _ignores_init_cfg(target: Callable) -> bool:
    """Whether a module's ``init_weights`` never comes to reading ``init_cfg``."""
    for cls in getattr(target, '__mro__', ()):
        if 'init_weights' in vars(cls):
            try:
                source = inspect.getsource(cls.init_weights)
            except OSError:
                return False
            if 'init_cfg' in source:
                return False
            if 'super().init_weights(' not in source:
                return True
    return False
