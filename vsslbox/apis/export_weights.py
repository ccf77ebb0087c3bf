"""The weights of a checkpoint under the names of other code."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from mmaction.models.backbones.resnet import ResNet
from mmaction.models.backbones.resnet3d_slowonly import ResNet3dSlowOnly
from mmaction.models.backbones.resnet_tsm import ResNetTSM
from torch import Tensor, nn

from vsslbox.checkpoints.loading import CheckpointError, load_checkpoint, load_weights
from vsslbox.checkpoints.names import canonical_name, is_counter, resnet_depth, unwrapped_name
from vsslbox.models.backbones import VideoResNet2Plus1d, VideoResNet3d
from vsslbox.utils import optional_module, whole_file

__all__ = ['NAMES', 'kept_meta', 'named_weights', 'save_weights']

PREFIX = 'backbone.'
STEM = 'conv1.conv.weight'
WIDTH = 64  # of the first stage of the stock ResNets
INSTEAD = (
    'export the network itself (-o FILE.onnx or FILE.pt2), or the weights under the names of '
    'vsslbox (--names vsslbox)'
)
MMACTION = {
    'mmaction-tsn': ResNet,
    'mmaction-tsm': partial(ResNetTSM, pretrained2d=False),
    'mmaction-slowonly': ResNet3dSlowOnly,
}
# Networks of torchvision, by networks with the same tensors under names that have the same
# canonical form.
TORCHVISION: dict[str, Callable[[], nn.Module]] = {
    **{f'resnet{depth}': partial(ResNet, depth) for depth in (18, 34, 50, 101, 152)},
    'r3d_18': VideoResNet3d,
    'r2plus1d_18': VideoResNet2Plus1d,
}
NAMES = ('vsslbox', *MMACTION, 'torchvision')


def named_weights(checkpoint: str | PathLike, names: str) -> tuple[dict[str, Tensor], str]:
    """Return the weights of a checkpoint under the names of a network that takes them.

    Args:
        checkpoint: A checkpoint of vsslbox: a file, or ``zoo://NAME``.
        names: One of :data:`NAMES`: ``'vsslbox'`` (all weights, as the model names them),
            ``'mmaction-tsn'``, ``'mmaction-tsm'`` or ``'mmaction-slowonly'`` (a 2D ResNet for a
            recognizer of mmaction2, the last with kernels inflated in time) or ``'torchvision'``
            (a backbone without its classifier).

    Returns:
        The weights, and the network that takes them. Batch counters are left out, except under our
        own names: importing drops them, and nothing needs them.

    Raises:
        CheckpointError: The checkpoint cannot be read, or no stock network under these names takes
            its backbone.
    """
    weights = _our_weights(checkpoint)
    if names == 'vsslbox':
        return weights, 'the model of the checkpoint'
    backbone = {
        name.removeprefix(PREFIX): weight
        for name, weight in weights.items()
        if name.startswith(PREFIX) and not is_counter(name)
    }
    if names == 'torchvision':
        return _for_torchvision(backbone, checkpoint)
    return _for_mmaction(backbone, checkpoint, names)


def kept_meta(checkpoint: str | PathLike) -> dict[str, Any]:
    """Return what the commands of vsslbox need beside the weights: config and classes."""
    meta = load_checkpoint(checkpoint).get('meta') or {}
    classes = (meta.get('dataset_meta') or {}).get('classes')
    kept = dict(cfg=meta['cfg']) if meta.get('cfg') else {}
    return {**kept, 'dataset_meta': dict(classes=list(classes))} if classes else kept


def save_weights(weights: Mapping[str, Tensor], path: Path, **meta: Any) -> None:
    """Write weights as ``.safetensors``, with the meta data, or else by ``torch.save``.

    Args:
        weights: The weights by name.
        path: The file, whose folder must exist.
        meta: What the file says about itself, in JSON.

    Raises:
        ImportError: The package safetensors is not installed.
    """
    # Copies: neither format may hold the storages that tensors are views of.
    weights = {n: w.clone(memory_format=torch.contiguous_format) for n, w in weights.items()}
    with whole_file(path) as unfinished:
        if path.suffix == '.safetensors':
            safetensors = optional_module('safetensors.torch', 'export')
            content = safetensors.save(weights, dict(format='pt', vsslbox=json.dumps(meta)))
            unfinished.write_bytes(content)
        else:
            torch.save(dict(state_dict=weights, meta=meta), unfinished)


def _our_weights(path: str | PathLike) -> dict[str, Tensor]:
    weights = load_checkpoint(path).get('state_dict')
    if not weights:
        raise CheckpointError(f'{path} holds no weights (state_dict)')
    return {unwrapped_name(name): weight for name, weight in weights.items()}


def _for_torchvision(
    backbone: Mapping[str, Tensor], checkpoint: str | PathLike
) -> tuple[dict[str, Tensor], str]:
    _refuse_shifts(backbone, checkpoint, 'torchvision')
    weights = {canonical_name(name): weight for name, weight in backbone.items()}
    found = {name: weight.shape for name, weight in weights.items()}
    for network, build in TORCHVISION.items():
        if found == _shapes(build):
            return weights, f'torchvision.models {network}'
    raise CheckpointError(
        f'{_described(backbone, checkpoint)}: none of torchvision ({", ".join(TORCHVISION)}) takes '
        f'these weights; {INSTEAD}'
    )


def _for_mmaction(
    backbone: Mapping[str, Tensor], checkpoint: str | PathLike, names: str
) -> tuple[dict[str, Tensor], str]:
    depth, stem = resnet_depth(backbone), backbone.get(STEM)
    if stem is None or stem.ndim != 4 or depth not in ResNet.arch_settings:
        raise CheckpointError(
            f'{_described(backbone, checkpoint)}: {names} takes only a 2D ResNet; {INSTEAD}'
        )
    options = dict(depth=depth)
    if names == 'mmaction-slowonly':
        options['base_channels'] = len(stem)
    elif len(stem) != WIDTH:
        raise CheckpointError(
            f'{_described(backbone, checkpoint)}: {names} has {WIDTH} channels there, and no '
            f'option for another number; {INSTEAD}'
        )
    if names != 'mmaction-tsm':
        _refuse_shifts(backbone, checkpoint, names)
    network = MMACTION[names](**options)
    report = load_weights(network, backbone, str(checkpoint), inflate=True)
    if report.unused:
        raise CheckpointError(
            f'{checkpoint} has weights that {names} lacks, such as {report.unused[0]}; {INSTEAD}'
        )
    filled = {PREFIX + n: w for n, w in network.state_dict().items() if not is_counter(n)}
    settings = ', '.join(f'{name}={value}' for name, value in options.items())
    return filled, f'mmaction.{type(network).__name__}({settings})'


def _refuse_shifts(backbone: Mapping[str, Tensor], checkpoint: str | PathLike, names: str) -> None:
    if any('.net.' in name for name in backbone):
        raise CheckpointError(
            f'{checkpoint} has a backbone that shifts features in time (TSM), which {names} does '
            'not: its features would be others. Choose --names mmaction-tsm'
        )


def _shapes(build: Callable[[], nn.Module]) -> dict[str, torch.Size]:
    """Return the shapes of the tensors of a stock network, by canonical names."""
    with torch.device('meta'):  # without random values
        tensors = build().state_dict()
    return {canonical_name(n): tensor.shape for n, tensor in tensors.items() if not is_counter(n)}


def _described(backbone: Mapping[str, Tensor], checkpoint: str | PathLike) -> str:
    """Return a few words on a backbone that no stock network is."""
    if not backbone:
        return (
            f'{checkpoint} has no backbone ({PREFIX}*; published weights are imported with '
            'tools/convert/import_weights.py first)'
        )
    name, first = next((n, w) for n, w in backbone.items() if w.ndim > 1)
    depth = resnet_depth(backbone)
    kind = f'a ResNet-{depth}' if depth else 'no ResNet'
    return f'the backbone of {checkpoint} is {kind} whose {name} is {list(first.shape)}'
