"""Write docs/config_keys.md, the keys of a config, from the code that checks them.

python tools/analysis/make_config_keys.py [--root REPOSITORY]

Which keys there are, their types and their defaults come from the signatures that the check of
configs reads (`vsslbox.config.check_config`). What they do stands in the docstrings of vsslbox's
classes, and for the keys of mmengine and torch in vsslbox/config/keys.py.
"""

import inspect
import re
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, get_args

from mmaction.models.recognizers.base import BaseRecognizer
from mmengine import registry as root
from mmengine.hooks import CheckpointHook, LoggerHook
from mmengine.optim import (
    AmpOptimWrapper,
    CosineAnnealingLR,
    CosineAnnealingParamScheduler,
    LinearLR,
    MultiStepLR,
    OptimWrapper,
    StepLR,
    _ParamScheduler,
)
from mmengine.runner import LogProcessor, Runner, ValLoop
from torch.utils.data import DataLoader

from vsslbox import registry as ours
from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.config.check import Kind, accepted_keys
from vsslbox.config.keys import FORMER, KEYS, TOP_LEVEL, Key
from vsslbox.config.signatures import signature_of
from vsslbox.datasets import VideoDataset
from vsslbox.engine.hooks import HealthHook, RecentCheckpointHook
from vsslbox.engine.optimizers import Bfloat16OptimWrapper
from vsslbox.engine.runner import (
    BankKNNLoop,
    GalleryTestLoop,
    ProtocolTestLoop,
    ResumableTrainLoop,
)
from vsslbox.engine.schedulers import WarmupCosineLR, WarmupLR
from vsslbox.errors import InputError
from vsslbox.models.selfsup import BaseSelfSupervisor, MomentumSelfSupervisor
from vsslbox.utils import inline_text
from vsslbox.visualization import markdown_table

INTRODUCTION = """\
# The keys of a config

Written by `tools/analysis/make_config_keys.py` from the code that checks configs: edit the
docstrings of vsslbox's classes, and `vsslbox/config/keys.py` for the keys of mmengine and torch.

These are the keys that every config may have. Those of a method, a transform or another part are
the arguments of its class, which the [site of the documentation](../CONTRIBUTING.md#commits) lists
with all registered names. A key that nothing reads is an error before anything is built, with its
place and the nearest right name. Under *default* stands what holds without the key;
[default_runtime.py](../configs/_base_/default_runtime.py) sets some for all configs, and
`python tools/print_config.py CONFIG` shows what a config has in the end. `dict` is the config of a
component, with its `type`, or settings. `--cfg-options KEY.KEY=VALUE` changes any of them.
"""
TORCH = 'https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader'
HEADER = ('key', 'type', 'default', 'what it does', 'more')
# What a component gets without the config.
GIVEN = {
    root.LOOPS: {'dataloader', 'evaluator', 'runner'},
    root.MODELS: {'objectives'},  # by the methods that have several
    root.PARAM_SCHEDULERS: {'optimizer'},
}
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
LOOPS = ('train_cfg', 'val_cfg', 'test_cfg')
SCHEDULES = (
    WarmupCosineLR, WarmupLR, LinearLR, CosineAnnealingLR, MultiStepLR, StepLR,
    CosineAnnealingParamScheduler,
)  # fmt: skip
# Where a config has a component, and what may stand there.
PLACES: dict[str, tuple[Kind, tuple[Callable, ...]]] = {
    'train_dataloader': (DataLoader, (DataLoader,)),
    'train_dataloader.dataset': (root.DATASETS, (VideoDataset,)),
    'optim_wrapper': (
        root.OPTIM_WRAPPERS,
        (OptimWrapper, AmpOptimWrapper, Bfloat16OptimWrapper),
    ),
    'param_scheduler': (root.PARAM_SCHEDULERS, (_ParamScheduler,)),
    'train_cfg': (root.LOOPS, (ResumableTrainLoop,)),
    'val_cfg': (root.LOOPS, (ValLoop, BankKNNLoop)),
    'test_cfg': (root.LOOPS, (ProtocolTestLoop, GalleryTestLoop)),
    'default_hooks.checkpoint': (root.HOOKS, (CheckpointHook,)),
    'default_hooks.health': (root.HOOKS, (HealthHook,)),
    'default_hooks.logger': (root.HOOKS, (LoggerHook,)),
    'default_hooks.recent_checkpoint': (root.HOOKS, (RecentCheckpointHook,)),
    'randomness': (None, (Runner.set_randomness,)),
    'log_processor': (root.LOG_PROCESSORS, (LogProcessor,)),
}
METHOD_BASES = (BaseSelfSupervisor, MomentumSelfSupervisor)
# The types of values as a config has them; an object of another type is a component's dict.
TYPES = dict(
    bool='bool', float='float', int='int', str='str', dict='dict', Dict='dict', Mapping='dict',
    list='list', List='list', Sequence='list', Collection='list',
    tuple='list', Tuple='list', None_='None',
)  # fmt: skip
METHODS_THAT_SHARE = 3  # a key that at least so many have is listed
ARGUMENT = re.compile(r'^    (\w+): (.*(?:\n {5,}.*)*)', re.MULTILINE)


def make_page() -> str:
    """Return the page.

    Raises:
        InputError: A key has no description.
    """
    parts = [
        INTRODUCTION,
        _section(
            'At the top',
            'All other names at the top are variables of yours, which the file may use.',
            _table(HEADER, [_top_row(name) for name in sorted(TOP_LEVEL)]),
        ),
        _section(
            ', '.join(f'`{name}`' for name in LOADERS),
            f"The arguments of [torch's `DataLoader`]({TORCH}), and what "
            'the engine takes from them. `dataset` and `sampler` are required.',
            _keys('train_dataloader'),
        ),
        _section(
            '`dataset` of a loader',
            f'Of {_code(VideoDataset)}; those of other lists are the arguments of their classes. '
            '[input_pipeline.md](input_pipeline.md#samples) has the steps of a pipeline.',
            _keys('train_dataloader.dataset'),
        ),
        _section(
            '`optim_wrapper`',
            f'Of `OptimWrapper`, `AmpOptimWrapper` and {_code(Bfloat16OptimWrapper)}; '
            '`--amp` chooses one of the last two.',
            _keys('optim_wrapper'),
        ),
        _section(
            '`param_scheduler`',
            'Of every schedule. `--epochs N` changes the lengths of all of them in proportion.',
            _keys('param_scheduler'),
            'Of those that the recipes use, in addition:\n',
            _owned('param_scheduler', SCHEDULES, _ParamScheduler),
        ),
        _section(
            ', '.join(f'`{name}`' for name in LOOPS),
            'Of the loops that the recipes use. Without a `type`, `train_cfg` has `by_epoch`, and '
            "is mmengine's loop.",
            *(f'`{place}`:\n\n{_owned(place, PLACES[place][1])}' for place in LOOPS),
        ),
        _section(
            '`default_hooks`',
            'Any name may be added. `None` removes one of these.',
            _keys('default_hooks'),
        ),
    ]
    for place, (kind, classes) in PLACES.items():
        if kind is root.HOOKS:
            parts.append(_section(f'`{place}`', f'Of {_code(*classes)}.', _keys(place)))
    parts += [
        _section(
            '`model`',
            f'What all methods take ({_code(BaseSelfSupervisor)}), what those with a moving '
            f'average do ({_code(MomentumSelfSupervisor)}), and what at least '
            f"{METHODS_THAT_SHARE} of them have in common. mmaction2's recognizers take "
            f'{_listed(BaseRecognizer)}.',
            _table((*HEADER[:4], 'methods'), _model_rows()),
        ),
        _section('`env_cfg`', '', _keys('env_cfg')),
        _section('`randomness`', '', _keys('randomness')),
        _section('`auto_scale_lr`', '', _keys('auto_scale_lr')),
        _section('`log_processor`', '', _keys('log_processor')),
        _section(
            'Former names',
            'A config of the time before mmengine is refused, with the place of each value now.',
            _table(
                ('then', 'now'), [[f'`{old}`', f'`{new}`'] for old, new in sorted(FORMER.items())]
            ),
        ),
    ]
    return '\n'.join(parts)


def _section(title: str, text: str, *tables: str) -> str:
    lines = textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)
    return '\n'.join([f'## {title}\n', *([f'{lines}\n'] if text else []), *tables])


def _table(header: Iterable[str], rows: list[list[str]]) -> str:
    return markdown_table(header, [[cell.replace('|', '\\|') for cell in row] for row in rows])


def _keys(place: str) -> str:
    """Return the table of all keys at a place."""
    kind, targets = PLACES.get(place, (None, ()))
    rows = {} if targets else {name: _row(place, name) for name in KEYS[place]}
    for target in targets:
        names = _names(kind, target) - rows.keys()
        rows |= {name: _row(place, name, target) for name in names}
    return _table(HEADER, [rows[name] for name in sorted(rows)])


def _owned(place: str, classes: Iterable[type], base: type | None = None) -> str:
    """Return the table of the keys that classes have beyond those of a base, class by class."""
    kind, _ = PLACES[place]
    shared = [_row(place, name, base) for name in _names(kind, base)] if base else []
    rows = []
    for owner in classes:
        found = [_row(place, name, owner) for name in sorted(_names(kind, owner))]
        found = [row for row in found if row not in shared]
        rows += [[_code(owner) if row is found[0] else '', *row[:4]] for row in found]
    return _table(('of', *HEADER[:4]), rows)


def _names(kind: Kind, target: Callable) -> set[str]:
    """Return the keys that a config gives to a component."""
    return accepted_keys(kind, target) - GIVEN.get(kind, set())


def _row(place: str, name: str, target: Callable | None = None) -> list[str]:
    """Return the row of a key, of the argument of a class or function if one is given."""
    parameter = signature_of(target).parameters.get(name) if target else None
    key = KEYS.get(place, {}).get(name) or Key(_from_docstring(name, target))
    if not key.text:
        raise InputError(
            f'{place}.{name} has no description: give it one in vsslbox/config/keys.py'
        )
    type_text, default = key.type, key.default
    if parameter is not None:
        type_text = type_text or _type_text(parameter)
        default = default or _default_text(parameter)
    page = key.page.partition('#')[0].removesuffix('.md')
    more = f'[{page}]({key.page})' if page else ''
    return [f'`{name}`', type_text, default, key.text, more]


def _top_row(name: str) -> list[str]:
    """Return the row of a key at the top, with a link to the section of the keys below it."""
    row = _row('', name, Runner)
    if name in LOADERS or name in LOOPS:
        row[0] = f'[{row[0]}](#{"-".join(LOADERS if name in LOADERS else LOOPS)})'
    elif name in KEYS:
        row[0] = f'[{row[0]}](#{name})'
    return row


def _model_rows() -> list[list[str]]:
    """Return the rows of the keys that methods share, each with their names."""
    ours.MODELS.import_from_location()
    methods = defaultdict(list)
    for _, cls in sorted(ours.MODELS.module_dict.items()):
        own = inspect.isclass(cls) and cls.__module__.startswith('vsslbox.')
        if own and issubclass(cls, BaseSelfSupervisor):
            for key in _names(root.MODELS, cls):
                methods[key].append(cls)
    every = max(map(len, methods.values()))
    rows = []
    for key, classes in sorted(methods.items()):
        if len(classes) < METHODS_THAT_SHARE:
            continue
        bases = [c for c in METHOD_BASES if key in signature_of(c).parameters]
        found = [_row('model', key, cls)[:4] for cls in bases or classes]
        cells = [' or '.join(dict.fromkeys(column)) for column in zip(*found, strict=True)]
        names = ', '.join(cls.__name__ for cls in classes)
        rows.append([*cells, 'all' if len(classes) == every else names])
    return rows


def _listed(target: Callable) -> str:
    return ', '.join(f'`{name}`' for name in sorted(signature_of(target).parameters))


def _code(cls: type) -> str:
    """Return the name of a class, with a link to its file if it is one of vsslbox."""
    if not cls.__module__.startswith('vsslbox.'):
        return f'`{cls.__name__}`'
    return f'[`{cls.__name__}`](../{cls.__module__.replace(".", "/")}.py)'


def _from_docstring(name: str, target: Callable | None) -> str:
    """Return what the docstrings of vsslbox's classes say of an argument, their first sentence."""
    for cls in getattr(target, '__mro__', ()):
        if cls.__module__.startswith('vsslbox.') and cls.__doc__:
            section = inspect.cleandoc(cls.__doc__).partition('\nArgs:\n')[2].partition('\n\n')[0]
            found = {m[1]: m[2] for m in ARGUMENT.finditer(section)}
            if name in found:
                text = re.sub(r'\s+', ' ', found[name])
                text = re.sub(r':\w+:`~?\.?([^`]*)`', r'`\1`', text).replace('``', '`')
                text = re.split(r'\.(?: |$)', text)[0]
                return text if text[1:2].isupper() else text[:1].lower() + text[1:]
    return ''


def _type_text(parameter: inspect.Parameter) -> str:
    """Return what an argument may be, as a config writes it."""
    if parameter.annotation is parameter.empty:
        return (
            '' if parameter.default in (None, parameter.empty) else type(parameter.default).__name__
        )
    names = dict.fromkeys(_type_names(parameter.annotation))
    return ' or '.join(name for name in names if name != 'None' or len(names) == 1)


def _type_names(annotation: Any) -> list[str]:
    if isinstance(annotation, str):
        annotation = re.sub(r'\[.*?\]', '', annotation)
        return [
            TYPES.get(name.strip(), 'dict')
            for name in annotation.replace('None', 'None_').split('|')
        ]
    if annotation is None or annotation is type(None):
        return ['None']
    origin = getattr(annotation, '__origin__', None)
    name = getattr(origin or annotation, '__name__', str(origin))
    if name == 'Literal':
        return [f'`{value!r}`' for value in get_args(annotation)]
    if name == 'Path':
        return ['str']
    if name in TYPES:
        return [TYPES[name]]
    args = get_args(annotation)
    return [name for arg in args for name in _type_names(arg)] if args else ['dict']


def _default_text(parameter: inspect.Parameter) -> str:
    value = parameter.default
    if value is parameter.empty:
        return 'required'
    if value == 10**9:
        return 'none'  # mmengine's word for no end
    if isinstance(value, set | frozenset):
        value = sorted(value)
    return f'`{value:g}`' if isinstance(value, float) else f'`{inline_text(value)}`'


def main() -> None:
    """Write the page."""
    parser = tool_parser(__doc__)
    checkout = Path(__file__).resolve().parents[2]
    parser.add_argument('--root', type=Path, default=checkout, help='the repository')
    (parser.parse_args().root / 'docs' / 'config_keys.md').write_text(make_page(), 'utf-8')


if __name__ == '__main__':
    run_command(main)
