"""Read checkpoints of any known naming, safely and strictly."""

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from os import PathLike
from pathlib import Path
from types import ModuleType

import torch
from torch import Tensor, nn

from vsslbox.checkpoints.layouts import POOLED_NORM, ArrangedWeights, arrange
from vsslbox.checkpoints.names import (
    canonical_name,
    describe,
    filling_prefixes,
    is_counter,
    resnet_depth,
    transformer_size,
    unwrapped_name,
)
from vsslbox.checkpoints.zoo import SCHEME, ZooError, local_path, zoo_entries
from vsslbox.errors import InputError
from vsslbox.utils import optional_module

__all__ = [
    'CheckpointError',
    'LoadReport',
    'load_checkpoint',
    'load_model',
    'load_state_dict',
    'load_weights',
]

# The keys of the weights in checkpoints of mmengine and MoCo, of VCLR and VideoMAE, of SlowFast,
# and of DeepSpeed.
_WEIGHT_KEYS = ('state_dict', 'model', 'model_state', 'module')
# How far a table of positions in a file may be from ours: the rounding of bfloat16.
_TABLE_ERROR = 5e-3
# Plain containers in checkpoints beside weights (VCLR's options); reading them runs no code.
_HARMLESS: list[Callable | tuple[Callable, str]] = [argparse.Namespace]
# How torch and vsslbox.compat name what they refuse to unpickle.
_REFUSED = re.compile(r'GLOBAL ([\w.]+)|refusing to unpickle (.+)')


class CheckpointError(InputError):
    """A checkpoint that cannot be read, or that does not fit the module."""


@dataclass
class LoadReport:
    """How the tensors of a module and of a checkpoint match; its text is a table.

    Batch counters (``num_batches_tracked``) are left out.

    Attributes:
        source: Where the checkpoint is from, and a guess at the code that wrote it.
        filled: The module's tensors that the checkpoint fills.
        inflated: Those of ``filled`` that were inflated from 2D to 3D.
        missing: The module's tensors that the checkpoint lacks.
        wrong_shape: The module's tensors that have another shape in the checkpoint: the
            checkpoint's shape, and the module's.
        unused: The checkpoint's tensors that fill nothing.
        known: What they are, if other code wrote the checkpoint and its layout is known.
    """

    source: str
    filled: list[str] = field(default_factory=list)
    inflated: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    wrong_shape: dict[str, tuple[list[int], list[int]]] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    known: dict[str, list[str]] = field(default_factory=dict)

    def summary(self) -> str:
        """Return one line if all tensors of the module are filled, and the table otherwise."""
        if self.missing or self.wrong_shape:
            return str(self)
        inflated = f', {len(self.inflated)} of them inflated' if self.inflated else ''
        unused = f', {len(self.unused)} of the checkpoint unused' if self.unused else ''
        if self.known:
            unused += f': {_counts(self.known)}'
        return f'{self.source}: all {len(self.filled)} tensors{inflated}{unused}'

    def __str__(self) -> str:
        rows = {
            'filled': self.filled,
            'inflated': self.inflated,
            'missing': self.missing,
            'wrong shape': [f'{n} {a} for {b}' for n, (a, b) in self.wrong_shape.items()],
            'unused': self.unused,
        }
        lines = [self.source]
        for title, names in rows.items():
            first = ', '.join([*names[:3], '...'][: len(names)])
            if title == 'unused' and self.known:
                counted = sum(map(len, self.known.values()))
                first = ', '.join([*names[: len(names) - counted][:3], _counts(self.known)])
            lines.append(f'  {title:<11} {len(names):>5}  {first}'.rstrip())
        return '\n'.join(lines)


def load_checkpoint(path: str | PathLike, map_location: str | Callable | None = 'cpu') -> dict:
    """Read a checkpoint without running code from it.

    Args:
        path: A file written by ``torch.save``, a ``.safetensors`` file, or ``zoo://NAME``; see
            :mod:`.zoo`.
        map_location: The device of its tensors; the CPU for ``.safetensors``.

    Returns:
        The content of the file; of ``.safetensors`` the weights as ``state_dict`` and, from
        tools/export.py, ``meta``.

    Raises:
        CheckpointError: There is no such file, it is damaged or not a checkpoint, or it names
            classes or functions other than those of plain weights.
        ZooError: There is no such name.
        DownloadError: Its file cannot be fetched.
        ImportError: The package safetensors is needed and not installed.
    """
    path = local_path(path)
    if not Path(path).is_file():
        raise CheckpointError(f'no checkpoint at {path}; give {_what_else(str(path))}')
    safetensors = None
    if Path(path).suffix == '.safetensors':
        safetensors = optional_module('safetensors', 'export')
    try:
        if safetensors:
            return _read_safetensors(safetensors, path)
        with torch.serialization.safe_globals(_HARMLESS):
            checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # damaged files raise errors of many kinds
        raise _unreadable(path, error) from error
    if not isinstance(checkpoint, dict):
        raise CheckpointError(f'{path} holds a {type(checkpoint).__name__}, not a dict of weights')
    return checkpoint


def _read_safetensors(package: ModuleType, path: str | PathLike) -> dict:
    with package.safe_open(path, framework='pt') as file:
        weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (no dict)
        meta = json.loads((file.metadata() or {}).get('vsslbox', '{}'))
    return dict(state_dict=weights, meta=meta)


def _unreadable(path: str | PathLike, error: Exception) -> CheckpointError:
    refused = _REFUSED.search(str(error))
    if refused:
        return CheckpointError(
            f'{path} is refused because it holds {refused[1] or refused[2]}, which may run code. '
            'If you trust the file, save only its weights, with '
            "torch.save({'state_dict': ...}), and use that file."
        )
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    return CheckpointError(f'{path} is damaged, cut short or not a checkpoint: {reason}')


def _what_else(path: str) -> str:
    """Return what to give instead of the path of a missing file."""
    with suppress(ZooError):  # an installation without the list of weights
        if path in zoo_entries():
            return f'{SCHEME}{path} for the weights of the model zoo'
    return 'the path of a local file'


def load_weights(
    module: nn.Module,
    checkpoint: str | PathLike | Mapping,
    source: str = 'the given checkpoint',
    *,
    prefix: str | None = None,
    allow_missing: str | Iterable[str] = (),
    inflate: bool = False,
) -> LoadReport:
    """Fill a whole module from a checkpoint of any known naming, or fail and change nothing.

    Tensors are matched by their canonical names, so that a whole model can fill a backbone, and a
    network without temporal shifts one with them. Of a file whose layout is known
    (:mod:`.layouts`), every tensor must be used or known not to be of the backbone.

    Args:
        module: A backbone or a whole model.
        checkpoint: A file, ``zoo://NAME``, or the content of a file.
        source: The name for messages if ``checkpoint`` is not a file.
        prefix: Use only the checkpoint's tensors whose names begin with this, and remove it. It
            selects one of several networks in a file (``'teacher.'``, ``'module.encoder_k.'``).
        allow_missing: The module's tensors whose names begin with one of these may stay unfilled;
            ``*`` stands for any characters (``'*.running_'``: the statistics of BatchNorm).
        inflate: Turn 2D kernels into 3D ones: repeat them over the ``T`` frames and divide by
            ``T``, so that a clip of equal frames gives the same features as the image (I3D,
            arXiv:1705.07750, section 2.4).

    Returns:
        What was filled, and which tensors of the checkpoint were not used.

    Raises:
        CheckpointError: The checkpoint cannot be read, leaves tensors of the module unfilled, or
            holds tensors that its layout does not have.
    """
    if not isinstance(checkpoint, Mapping):
        source = str(checkpoint)
        checkpoint = load_checkpoint(checkpoint)
    weights = _find_weights(checkpoint, source)
    description = f'{source} ({describe(weights)})'
    parts = {name.partition('.')[0] for name in module.state_dict()}
    arranged = arrange(weights, prefix, parts)
    if prefix is not None:
        weights = _below(prefix, weights, source)
    if arranged:
        rest = _beside_weights(checkpoint)
        description = f'{source} (looks like {arranged.layout.name}{rest})'
        weights = arranged.weights
    key = unwrapped_name if _has_all(module, weights) else canonical_name
    report, tensors = _match(module, weights, description, key, inflate, prefix or '')
    unknown = _account(arranged, report) if arranged else {}
    allowed = (allow_missing,) if isinstance(allow_missing, str) else tuple(allow_missing)
    unfilled = [*report.missing, *report.wrong_shape]
    forbidden = [n for n in unfilled if not any(fnmatchcase(n, f'{begin}*') for begin in allowed)]
    if not report.filled or forbidden:
        choices = _choices(module, weights, prefix or '') if report.missing else ''
        raise _misfit(module, weights, report, choices, unknown)
    if unknown:
        raise _surplus(module, report, unknown)
    if arranged:
        _check_positions(module, arranged, report)
    module.load_state_dict(tensors, strict=False)
    return report


def load_model(model: nn.Module, path: str | PathLike) -> LoadReport:
    """Fill a whole model from a checkpoint of the same model; see :func:`load_state_dict`."""
    return load_state_dict(model, load_checkpoint(path), str(path))


def load_state_dict(
    model: nn.Module, checkpoint: Mapping, source: str, *, prefix: str | None = None
) -> LoadReport:
    """Fill a whole model from a checkpoint of the same model by name, or fail and change nothing.

    Args:
        model: A model of vsslbox or mmaction2, or a part of one.
        checkpoint: The content of a file.
        source: The name of the file for messages.
        prefix: Use only the tensors whose names begin with this, and remove it.

    Returns:
        What was filled. Nothing is missing or unused.

    Raises:
        CheckpointError: The checkpoint is of another model.
    """
    weights = _find_weights(checkpoint, source)
    if prefix is not None:
        weights = _below(prefix, weights, source)
    description = f'{source} ({describe(weights)})'
    report, tensors = _match(model, weights, description, unwrapped_name, inflate=False)
    if report.missing or report.wrong_shape or report.unused:
        raise _misfit(model, weights, report)
    model.load_state_dict(tensors, strict=False)
    return report


def _find_weights(checkpoint: Mapping, source: str) -> dict[str, Tensor]:
    inner = (checkpoint[key] for key in _WEIGHT_KEYS if isinstance(checkpoint.get(key), Mapping))
    weights = next(inner, checkpoint)
    tensors = _tensors(weights)
    if not tensors:  # one dict for each network, such as `student` and `teacher`
        networks = {key: _tensors(w) for key, w in weights.items() if isinstance(w, Mapping)}
        tensors = {f'{key}.{n}': w for key, inner in networks.items() for n, w in inner.items()}
    if not tensors:
        raise CheckpointError(f'{source} holds no weights, only {", ".join(map(str, weights))}')
    return tensors


def _beside_weights(checkpoint: Mapping) -> str:
    """Return what a file holds beside weights (optimizer, options, ...), for a message."""
    names = [
        str(name)
        for name, value in checkpoint.items()
        if not isinstance(value, Tensor) and not (isinstance(value, Mapping) and _tensors(value))
    ]
    return f', beside {", ".join(names)}' if names else ''


def _tensors(weights: Mapping) -> dict[str, Tensor]:
    return {n: w for n, w in weights.items() if isinstance(n, str) and isinstance(w, Tensor)}


def _below(prefix: str, weights: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    found = {n.removeprefix(prefix): weights[n] for n in weights if n.startswith(prefix)}
    if not found:
        raise CheckpointError(f"{source} has no weights that begin with '{prefix}'")
    return found


def _match(
    module: nn.Module,
    weights: Mapping[str, Tensor],
    source: str,
    key: Callable[[str], str],
    inflate: bool,
    prefix: str = '',
) -> tuple[LoadReport, dict[str, Tensor]]:
    """Find the weight of the same key for every tensor of the module.

    Raises:
        CheckpointError: Several weights have the key of a tensor.
    """
    by_key: defaultdict[str, list[str]] = defaultdict(list)
    for name in weights:
        by_key[key(name)].append(name)
    report = LoadReport(source)
    tensors = {}
    for name, target in module.state_dict().items():
        found = by_key.pop(key(name), [])
        if not found:
            report.missing.append(name)
            continue
        if len(found) > 1:
            raise CheckpointError(
                f'{source} has several networks: {found[0]} and {found[1]}; choose one with '
                f'`prefix`, an argument of `load_weights` and `PretrainedBackbone`'
                f'{_choices(module, weights, prefix)}'
            )
        weight = weights[found[0]]
        if inflate and _is_2d_form(weight, target):
            weight = (weight / target.shape[2]).unsqueeze(2).expand_as(target)
            report.inflated.append(name)
        if weight.shape == target.shape:
            report.filled.append(name)
            tensors[name] = weight
        else:
            report.wrong_shape[name] = (list(weight.shape), list(target.shape))
    for name, _ in module.named_buffers():  # also those that are computed, and stored elsewhere
        by_key.pop(key(name), None)
    report.unused = [name for names in by_key.values() for name in names]
    for names in (report.filled, report.missing, report.unused):
        names[:] = [name for name in names if not is_counter(name)]
    return report, tensors


def _account(arranged: ArrangedWeights, report: LoadReport) -> dict[str, str]:
    """Write into a report what the unused tensors of a file are; return those that are unknown."""
    report.known, unknown = arranged.account(report.unused)
    known = [name for names in report.known.values() for name in names]
    report.unused = [*unknown.values(), *known]
    return unknown


def _surplus(module: nn.Module, report: LoadReport, unknown: Mapping[str, str]) -> CheckpointError:
    lines = [f'{report.source} holds {len(unknown)} tensors that files of this kind do not have:']
    for our_name, name in [*unknown.items()][:5]:
        near = get_close_matches(our_name, module.state_dict(), 3, 0.5)
        lines.append(f'  {name}' + (f' (known: {", ".join(near)})' if near else ''))
    if 'pos_embed_class' in unknown:
        lines.append("MAE needs `position='learnt_separable'` and `class_token=True`.")
    return CheckpointError('\n'.join(lines))


def _check_positions(module: nn.Module, arranged: ArrangedWeights, report: LoadReport) -> None:
    """Compare the tables of positions in a file with those that the module computes.

    Raises:
        CheckpointError: They differ.
    """
    tables = {n: w for n, w in arranged.weights.items() if n.rpartition('.')[2] == 'pos_embed'}
    for name, table in tables.items():
        wanted = canonical_name(name.removesuffix('pos_embed') + 'positions')
        named = module.named_buffers()
        own = [b.cpu() for n, b in named if canonical_name(n) == wanted and b.ndim == 2]
        close = (
            one.shape == table.shape[1:] and (table[0].cpu() - one).abs().max() < _TABLE_ERROR
            for one in own
        )
        if own and not any(close):
            raise CheckpointError(
                f'{report.source} has positions {list(table.shape[1:])} other than those of the '
                f'module, {list(own[0].shape)}: set `position`, `img_size` and `num_frames` of '
                f'{type(module).__name__} to those of its pretraining'
            )


def _counts(known: Mapping[str, list[str]]) -> str:
    return ', '.join(f'{what} ({len(names)})' for what, names in known.items())


def _has_all(module: nn.Module, weights: Mapping[str, Tensor]) -> bool:
    """Return whether a checkpoint has every name of a module, so that it is of the same one."""
    wanted = {unwrapped_name(name) for name in module.state_dict() if not is_counter(name)}
    return wanted <= set(map(unwrapped_name, weights))


def _choices(module: nn.Module, weights: Mapping[str, Tensor], prefix: str) -> str:
    """Return which prefixes of a checkpoint's names fill a module, as the end of a sentence.

    Args:
        module: The module.
        weights: The checkpoint's tensors.
        prefix: What was removed from their names.
    """
    wanted = [canonical_name(name) for name in module.state_dict() if not is_counter(name)]
    prefixes = [prefix + name for name in filling_prefixes(weights, wanted)]
    return f': {" or ".join(map(repr, prefixes))}' if prefixes else ''


def _is_2d_form(weight: Tensor, target: Tensor) -> bool:
    """Return whether a kernel ``[O, I, H, W]`` can be inflated to a target ``[O, I, T, H, W]``."""
    return target.ndim == 5 and weight.shape == (*target.shape[:2], *target.shape[3:])


def _misfit(
    module: nn.Module,
    weights: Mapping[str, Tensor],
    report: LoadReport,
    choices: str = '',
    unknown: Mapping[str, str] | None = None,
) -> CheckpointError:
    sizes = transformer_size(weights), transformer_size(module.state_dict())
    if None not in sizes and sizes[0] != sizes[1]:
        return CheckpointError(
            f'{type(module).__name__} is not filled by {report.source}: the checkpoint is of '
            f'{sizes[0]}, the module {sizes[1]}'
        )
    lines = [f'{type(module).__name__} is not filled by {report}']
    given, wanted = resnet_depth(weights), resnet_depth(module.state_dict())
    if given is not None and wanted is not None and abs(given - wanted) > 1:
        lines.append(f'The checkpoint is of a ResNet-{given}, the module a ResNet-{wanted}.')
    others = unknown or {}
    lines += [
        f'{name} is missing; the checkpoint has {others[near[0]]}.'
        for name in report.missing[:3]
        if (near := get_close_matches(canonical_name(name), others, 1, 0.8))
    ]
    if POOLED_NORM in report.known and 'norm.weight' in report.missing:
        lines.append('A fine-tuned VideoMAE has no norm of tokens: set `final_norm=False`.')
    if any(len(found) + 1 == len(shape) == 5 for found, shape in report.wrong_shape.values()):
        lines.append('The checkpoint has 2D kernels but the module 3D ones: set `inflate=True`.')
    if choices:
        lines.append(f'One of the networks in the checkpoint fills it: set `prefix`{choices}.')
    return CheckpointError('\n'.join(lines))
