"""The full check of a config, before anything is built from it.

mmengine notices a wrong name only when it builds the component that has it: one name at a time, and
often after minutes of reading data. A class that takes ``**kwargs`` may even swallow a misspelt
argument silently. The check here looks up every component that the config names, compares the given
arguments with the signatures, and reports all mistakes together.
"""

import importlib.util
import inspect
import logging
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from typing import TypeAlias, get_args, get_origin

from mmengine import Config
from mmengine import registry as root
from mmengine.registry import Registry
from torch.utils.data import DataLoader

from vsslbox import registry as ours
from vsslbox.config.keys import FORMER, KEYS, TOP_LEVEL
from vsslbox.config.signatures import constructors_of, signature_of
from vsslbox.config.variables import used_names, values_of
from vsslbox.errors import InputError

__all__ = ['FOREIGN_BACKBONES', 'STEPS', 'ConfigError', 'accepted_keys', 'check_config']

# What a place in a config may hold; None for any component.
Kind: TypeAlias = Registry | type[DataLoader] | None

_KEYS: dict[Kind, tuple[str, ...]] = {
    DataLoader: ('test_dataloader', 'train_dataloader', 'val_dataloader'),
    root.DATASETS: ('dataset', 'datasets'),
    root.DATA_SAMPLERS: ('batch_sampler', 'sampler'),
    root.FUNCTIONS: ('collate_fn', 'worker_init_fn'),
    root.HOOKS: ('custom_hooks', 'default_hooks'),
    root.LOG_PROCESSORS: ('log_processor',),
    root.LOOPS: ('test_cfg', 'train_cfg', 'val_cfg'),
    root.METRICS: ('metrics', 'test_evaluator', 'val_evaluator'),
    root.MODELS: ('data_preprocessor', 'model'),
    root.MODEL_WRAPPERS: ('model_wrapper_cfg',),
    root.OPTIMIZERS: ('optimizer',),
    root.OPTIM_WRAPPERS: ('optim_wrapper',),
    root.OPTIM_WRAPPER_CONSTRUCTORS: ('constructor',),
    root.PARAM_SCHEDULERS: ('param_scheduler',),
    root.TRANSFORMS: ('pipeline', 'transforms'),
    root.VISBACKENDS: ('vis_backends',),
    root.VISUALIZERS: ('visualizer',),
    root.WEIGHT_INITIALIZERS: ('init_cfg',),
}
_KINDS = {key: kind for kind, keys in _KEYS.items() for key in keys}
# Only dataloaders name functions.
_ALL_KINDS = [getattr(root, name) for name in ours.__all__ if name != 'FUNCTIONS']

# Kinds at whose places a dict without `type` may be settings of the component above.
_MAY_BE_SETTINGS = (None, root.MODELS, root.WEIGHT_INITIALIZERS)
# Dicts of settings at the top, of which the engine ignores keys that it does not know.
_SETTINGS = ('auto_scale_lr', 'env_cfg', 'randomness')
# Whole numbers, which some parts of the engine round or compare before they refuse others, and the
# least of each.
_WHOLE = dict(batch_size=1, max_epochs=1, max_iters=1, num_workers=0, window_size=1)
# How similar to a name of the engine's a variable of the user's own must be to be reported.
_NEAR_MISS = 0.85

# The arguments that the engine passes to a component, by kind.
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
# The keys that the engine removes from a component's dict before it builds it, by kind.
_TAKEN = {
    DataLoader: {'disable_subprocess_warning', 'num_batch_per_epoch'},
    root.HOOKS: {'priority'},
    root.OPTIM_WRAPPERS: {'constructor', 'paramwise_cfg'},
    root.PARAM_SCHEDULERS: {'convert_to_iter_based'},
    root.VISBACKENDS: {'name'},
    root.WEIGHT_INITIALIZERS: {'name', 'override'},
}

# Keys of dicts whose `type` is not a registered name, since the component above reads them itself:
# the consensus of TSN's head, the pathways of SlowFast (mmaction2), gradient clipping (mmengine).
_READ_BY_OWNER = ('clip_grad', 'consensus', 'fast_pathway', 'slow_pathway')
_READERS = ('Imgaug', 'mmaction.Imgaug')
# mmaction2 builds backbones with these prefixes through the packages' own functions.
FOREIGN_BACKBONES = ('timm.', 'torchvision.')
# Layers get further arguments from the module that builds them, so only their types are checked.
_LAYERS = ('act_cfg', 'conv_cfg', 'norm_cfg')
# The keys of pipelines, which some classes take as named steps.
STEPS = _KEYS[root.TRANSFORMS]
# The engine's types of top-level components that name none.
_DEFAULT_TYPES = dict(
    log_processor='LogProcessor',
    optim_wrapper='OptimWrapper',
    test_cfg='TestLoop',
    val_cfg='ValLoop',
)


class ConfigError(InputError):
    """A config with mistakes; the message lists all of them, one a line."""


def check_config(cfg: Config) -> None:
    """Check every name in a config without building anything.

    This covers the types of all components, unknown and missing arguments of each, the named steps
    of pipelines, the keys of settings, and top-level variables that look like a misspelt name that
    the engine reads. All other top-level variables are the user's own.

    Args:
        cfg: A config for :class:`mmengine.runner.Runner`.

    Raises:
        ConfigError: The config has mistakes. The message gives the place of each one and the
            nearest right name.
    """
    problems = [*_check_top_level_names(cfg), *_check_settings(cfg)]
    scope = cfg.get('default_scope') or 'mmengine'
    if _is_installed(scope):
        for key, value in cfg.items():
            if key in _KINDS and key in TOP_LEVEL:
                problems += _check_top_level_value(key, value)
                problems += _check_whole_numbers(key, value)
                problems += _walk(*_with_default_type(key, value), key, scope)
    else:
        problems.append(f"default_scope: the package '{scope}' is not installed")
    if problems:
        count = f'{len(problems)} problem' + 's' * (len(problems) > 1)
        source = cfg.filename or 'the config'
        raise ConfigError('\n  '.join([f'{count} in {source}:', *problems]))


def accepted_keys(kind: Kind, target: Callable) -> set[str]:
    """Return the keys that a component may have in a config, beside its type.

    Args:
        kind: Its registry, or the class of data loaders.
        target: Its class or function.
    """
    return signature_of(target).parameters.keys() | _TAKEN.get(kind, set())


def _check_top_level_names(cfg: Config) -> Iterator[str]:
    used = used_names(cfg.text)
    for key in cfg:
        near = get_close_matches(key, TOP_LEVEL, 1, _NEAR_MISS)
        if key in TOP_LEVEL or key in used:
            continue
        if key in FORMER and not _is_inserted(cfg, key):
            yield f"{key}: nothing reads this variable; its place is now '{FORMER[key]}'"
        if near:
            yield f"{key}: nothing reads this variable; did you mean '{near[0]}'?"
    if 'model' not in cfg:
        yield 'model: is missing; every config needs it'


def _check_whole_numbers(place: str, value: object) -> Iterator[str]:
    """Check the numbers of a loop, a data loader or the log."""
    counting = (DataLoader, root.LOOPS, root.LOG_PROCESSORS)
    if not isinstance(value, dict) or _KINDS[place] not in counting:
        return
    for key, least in _WHOLE.items():
        number = value.get(key, least)
        is_whole = isinstance(number, int) and not isinstance(number, bool) and number >= least
        if not is_whole and (key, number) != ('batch_size', None):
            yield f'{place}.{key}: is {number!r}; give a whole number, {least} or more'


def _check_settings(cfg: Config) -> Iterator[str]:
    level = cfg.get('log_level', 'INFO')
    if isinstance(level, str) and not isinstance(logging.getLevelName(level), int):
        yield f'log_level: is {level!r}; give DEBUG, INFO, WARNING or ERROR'
    for place in _SETTINGS:
        settings = cfg.get(place, {})
        if not isinstance(settings, dict | None):
            yield f'{place}: is {settings!r}; give a dict'
            continue
        known = KEYS[place]
        for key in (settings or {}).keys() - known.keys():
            hint = _hint(key, known, f'it has {", ".join(known)}')
            yield f'{place}.{key}: nothing reads this setting; {hint}'


def _is_inserted(cfg: Config, name: str) -> bool:
    """Whether the engine reads a variable's value elsewhere, as in a config that was dumped."""
    parts = (value for key, value in cfg.items() if key in TOP_LEVEL)
    return any(value == cfg[name] for part in parts for _, value in values_of(part, ''))


def _check_top_level_value(key: str, value: object) -> Iterator[str]:
    if isinstance(value, (str, int, float, tuple)):
        yield f"{key}: is {value!r}; give the dict of a component, with its 'type'"


def _with_default_type(key: str, value: object) -> tuple[object, Kind]:
    """Return a top-level component, with the engine's type if it has none, and its kind."""
    kind = _KINDS[key]
    if not isinstance(value, dict) or 'type' in value:
        return value, kind
    if key.endswith('_evaluator') and 'metrics' in value:
        return dict(value, type='Evaluator'), root.EVALUATOR
    value = dict(value)
    if key == 'train_cfg' and 'by_epoch' in value:
        value['type'] = 'EpochBasedTrainLoop' if value.pop('by_epoch') else 'IterBasedTrainLoop'
    # Several optimizers, which a constructor combines, are no argument of the wrapper.
    elif key in _DEFAULT_TYPES and (key != 'optim_wrapper' or 'optimizer' in value):
        value['type'] = _DEFAULT_TYPES[key]
    return value, kind


def _walk(node: object, kind: Kind, place: str, scope: str) -> Iterator[str]:
    """Check a part of the config and all below it."""
    if isinstance(node, (list, tuple)):
        for index, item in enumerate(node):
            yield from _walk(item, kind, f'{place}[{index}]', scope)
            if item is None and kind is root.TRANSFORMS:
                yield f'{place}[{index}]: is None; remove it, or give the steps by name'
    elif isinstance(node, str) and kind is root.OPTIM_WRAPPER_CONSTRUCTORS:
        yield from _walk_dict({'type': node}, kind, place, scope)
    elif isinstance(node, dict):
        yield from _walk_dict(node, kind, place, scope)


def _walk_dict(node: dict, kind: Kind, place: str, scope: str) -> Iterator[str]:
    scope = node.get('_scope_', scope)
    if not _is_installed(scope):
        yield f"{place}._scope_: the package '{scope}' is not installed"
        return
    if kind is DataLoader:
        yield from _check_dataloader(node, place)
    elif 'type' in node:
        yield from _check_component(node, kind, place, scope)
    elif kind is root.TRANSFORMS and place.rpartition('.')[2] in STEPS:
        yield from _walk_steps(node, place, scope)
        return
    else:
        yield from _check_untyped(node, kind, place)
    for key, value in node.items():
        if key not in _READ_BY_OWNER and node.get('type') not in _READERS:
            kind_below = _kind_below(kind, key, is_component='type' in node)
            yield from _walk(value, kind_below, f'{place}.{key}', scope)


def _kind_below(kind: Kind, key: str, is_component: bool) -> Kind:
    """Return the kind below a key of a dict, which is a component or maps names to components."""
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
    if place.endswith('backbone') and str(type_).startswith(FOREIGN_BACKBONES):
        return
    if kind is root.FUNCTIONS:
        scope = 'mmengine'  # the engine looks functions up without the default scope
    kind, target = _find(type_, kind, scope)
    if target is None:
        yield (
            f"{place}.type: there is no {kind_name} '{type_}' in scope '{scope}'"
            f'{_nearest_type(type_, kind, scope)}'
        )
    elif not place.endswith(_LAYERS):
        yield from _check_arguments(cfg, place, kind, target)
        yield from _check_defaults(cfg, place, kind, target, scope)


def _walk_steps(steps: dict, place: str, scope: str) -> Iterator[str]:
    """Check named steps; a name that a child config misspells is a new step without a type."""
    others = [name for name, step in steps.items() if not isinstance(step, dict) or 'type' in step]
    for name, step in steps.items():
        if name not in others and not _misspelt_type(step):
            hint = _hint(name, others, "a new one needs a 'type'")
            yield f"{place}.{name}: there is no step '{name}'; {hint}"
        elif isinstance(step, dict):
            yield from _walk(step, root.TRANSFORMS, f'{place}.{name}', scope)
        elif step is not None and not callable(step):
            yield f'{place}.{name}: is {step!r}; give the config of a step, or None to drop it'


def _check_untyped(cfg: dict, kind: Kind, place: str) -> Iterator[str]:
    if near := _misspelt_type(cfg):
        yield f"{place}.{near}: did you mean 'type'?"
    elif place == 'model' or (kind not in _MAY_BE_SETTINGS and not _is_group(cfg)):
        yield f"{place}: has no 'type', the name of a {getattr(kind, 'name', 'component')}"


def _misspelt_type(cfg: dict) -> str | None:
    """Return the key of a dict without ``type`` that is most likely meant to be it, if any."""
    names = [str(key) for key, value in cfg.items() if isinstance(value, str)]
    return next(iter(get_close_matches('type', names, 1, _NEAR_MISS)), None)


def _is_group(cfg: dict) -> bool:
    """Whether a dict without ``type`` can map names to components, as ``default_hooks`` does."""
    return all(value is None or isinstance(value, (dict, list, tuple)) for value in cfg.values())


def _check_dataloader(cfg: dict, place: str) -> Iterator[str]:
    accepted = accepted_keys(DataLoader, DataLoader)
    for key in cfg:
        if key not in accepted:
            yield _unknown(key, place, 'a dataloader', accepted)
    for key in ('dataset', 'sampler'):
        if key not in cfg:
            yield f"{place}: a dataloader needs '{key}'"
    for key in ('persistent_workers', 'prefetch_factor'):
        if cfg.get(key) and not cfg.get('num_workers'):
            yield (
                f'{place}.{key}: is {cfg[key]!r} without workers; set {place}.num_workers to at '
                f'least 1, or {key} to {signature_of(DataLoader).parameters[key].default}'
            )


def _check_arguments(cfg: dict, place: str, kind: Registry, target: Callable) -> Iterator[str]:
    parameters, required, takes_anything = signature_of(target)
    name = getattr(target, '__name__', cfg['type'])
    accepted = accepted_keys(kind, target) | {'type', '_scope_'}
    for key in (key for key in cfg if key not in accepted):
        # Even where any argument is accepted, a near miss of a known name is most likely a slip.
        if not takes_anything or get_close_matches(key, accepted, 1, 0.8):
            yield _unknown(key, place, name, parameters)
    for key in (key for key in cfg if isinstance(cfg[key], str) and key in parameters):
        if parameters[key].annotation in (bool, float, int):
            wanted = 'True or False' if parameters[key].annotation is bool else 'a number'
            yield f'{place}.{key}: is {cfg[key]!r}; give {wanted}'
    if kind is root.FUNCTIONS:
        return  # the dataloader calls them with its own arguments
    for key in sorted(required - set(cfg) - _GIVEN.get(kind, set())):
        yield f"{place}: {name} needs '{key}'"
    if cfg.get('init_cfg') and _ignores_init_cfg(target):
        yield (
            f'{place}.init_cfg: {name} never reads it, because its init_weights ignores it; '
            'give it to the model above if that takes one'
        )
    for key in STEPS:
        steps = cfg.get(key)
        if isinstance(steps, dict) and 'type' not in steps and not _takes_mapping(target, key):
            yield f'{place}.{key}: {name} takes a list of steps, not steps by name'


def _check_defaults(
    cfg: dict, place: str, kind: Kind, target: Callable, scope: str
) -> Iterator[str]:
    """Check components that are defaults of a signature: their names may lack the scope."""
    for key, parameter in signature_of(target).parameters.items():
        default = parameter.default
        if key not in cfg and key not in _READ_BY_OWNER and isinstance(default, dict):
            below = _kind_below(kind, key, is_component=True)
            for problem in _walk(default, below, f'{place}.{key}', scope):
                yield f'{problem} (a default; give it in the config)'


def _find(type_: str | Callable, kind: Kind, scope: str) -> tuple[Kind, Callable | None]:
    """Look up a component as the engine does; return the kind that has it, and the component."""
    if callable(type_):
        return kind, type_
    candidates = [root.MODELS, *_ALL_KINDS]
    if isinstance(kind, Registry) and kind is not root.MODELS:
        candidates = [kind]
    for candidate in candidates:
        with candidate.switch_scope_and_registry(scope) as registry, suppress(RuntimeError):
            found = registry.get(type_)  # raises for a string that cannot be a name
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
    labels: dict[str, str] = {}
    for registry in [kind] if isinstance(kind, Registry) else _ALL_KINDS:
        for child in registry.children.values():
            labels |= {known: f'{child.scope}.{known}' for known in child.module_dict}
        in_scope = registry.children.get(scope, registry)
        labels |= {known: known for known in in_scope.module_dict | registry.module_dict}
    near = get_close_matches(name, labels, 1)
    return f"; did you mean '{labels[near[0]]}'?" if near else ''


def _unknown(key: str, place: str, owner: str, accepted: Iterable[str]) -> str:
    """Return the message on an argument that a component does not have."""
    names = textwrap.shorten(', '.join(sorted(accepted)), 200)
    hint = _hint(key, accepted, f'it takes {names or "none"}')
    return f'{place}.{key}: {owner} has no such argument; {hint}'


def _hint(name: str, right: Iterable[str], otherwise: str) -> str:
    """Return the end of a message: the nearest right name, or something else if none is near."""
    near = get_close_matches(name, right, 1)
    return f"did you mean '{near[0]}'?" if near else otherwise


def _takes_mapping(target: Callable, key: str) -> bool:
    """Whether an argument may be a mapping, by its annotation in the class or one above it."""
    parameters = (inspect.signature(init).parameters.get(key) for init in constructors_of(target))
    annotations = [p.annotation for p in parameters if p and p.annotation is not p.empty]
    options = [option for annotation in annotations for option in get_args(annotation)]
    return not annotations or any(get_origin(option) is Mapping for option in options)


def _ignores_init_cfg(target: Callable) -> bool:
    """Whether a module's ``init_weights`` never reads ``init_cfg``."""
    with suppress(OSError):  # the source is not available
        for cls in getattr(target, '__mro__', ()):
            if 'init_weights' in vars(cls):
                source = inspect.getsource(cls.init_weights)
                if 'init_cfg' in source or 'super().init_weights(' not in source:
                    return 'init_cfg' not in source
    return False
