"""Convert a checkpoint of vsslbox for other code.

python tools/convert/export_weights.py FORMAT CHECKPOINT OUT

FORMAT            OUT
mmaction-tsn      the 2D backbone, for `load_from` of a TSN config of mmaction2
mmaction-tsm      the same with the names of TSM
mmaction-slowonly the same with kernels inflated to those of SlowOnly
torchvision       the 2D backbone without `fc`, for `load_state_dict(..., strict=False)`
safetensors       all weights under our names; needs the package safetensors

CHECKPOINT was written by training or tools/convert/import_weights.py, or is zoo://NAME.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from mmaction.models.backbones.resnet3d_slowonly import ResNet3dSlowOnly
from torch import Tensor

from vsslbox.apis.command_line import run_command
from vsslbox.checkpoints.loading import CheckpointError, load_checkpoint, load_weights
from vsslbox.checkpoints.names import canonical_name, is_counter, resnet_depth, unwrapped_name
from vsslbox.models.backbones import NarrowResNet, NarrowResNetTSM
from vsslbox.utils import whole_file

PREFIX = 'backbone.'
STEM = f'{PREFIX}conv1.conv.weight'
MMACTION = {
    'mmaction-tsn': NarrowResNet,
    'mmaction-tsm': NarrowResNetTSM,
    'mmaction-slowonly': ResNet3dSlowOnly,
}


def export_mmaction(target: Callable, path: str) -> dict:
    """Return the backbone under the names of an mmaction2 recognizer.

    Raises:
        CheckpointError: The checkpoint cannot be read, or its backbone is not a 2D ResNet.
    """
    backbone = filled(target, path)
    return dict(state_dict={PREFIX + name: weight for name, weight in backbone.items()})


def export_torchvision(path: str) -> dict[str, Tensor]:
    """Return the backbone under torchvision's names.

    Raises:
        CheckpointError: The checkpoint cannot be read, or its backbone is not a 2D ResNet.
    """
    backbone = filled(NarrowResNet, path)
    return {canonical_name(name): weight for name, weight in backbone.items()}


def filled(target: Callable, path: str) -> dict[str, Tensor]:
    """Return the tensors of a ResNet of the checkpoint's depth and width, filled from it.

    Batch counters are left out: importing drops them, and nothing needs them.
    """
    weights = our_weights(path)
    depth = resnet_depth(name for name in weights if name.startswith(PREFIX))
    if depth not in NarrowResNet.arch_settings or STEM not in weights or weights[STEM].ndim != 4:
        raise CheckpointError(
            f'the backbone of {path} ({PREFIX}*) is not a 2D ResNet under the names of mmaction2: '
            'import published weights with tools/convert/import_weights.py first'
        )
    with torch.device('meta'):  # without random values
        module = target(depth=depth, base_channels=len(weights[STEM]))
    module.to_empty(device='cpu')
    load_weights(module, weights, path, prefix=PREFIX, inflate=True)
    return {name: weight for name, weight in module.state_dict().items() if not is_counter(name)}


def our_weights(path: str) -> dict[str, Tensor]:
    """Return all weights of a checkpoint of vsslbox or mmaction2, as the model names them."""
    weights = load_checkpoint(path).get('state_dict')
    if not weights:
        raise CheckpointError(f'{path} holds no weights (state_dict)')
    return {unwrapped_name(name): weight for name, weight in weights.items()}


def save_safetensors(weights: dict[str, Tensor], out: Path) -> None:
    """Write weights in the safetensors format.

    Raises:
        ImportError: The package is not installed.
    """
    try:
        from safetensors.torch import save_file
    except ImportError:
        raise ImportError(
            'this format needs the package safetensors: pip install safetensors'
        ) from None
    save_file({name: weight.clone() for name, weight in weights.items()}, out)  # it refuses views


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('format', choices=[*MMACTION, 'torchvision', 'safetensors'])
    parser.add_argument('checkpoint', help='a checkpoint of vsslbox: a file, or zoo://NAME')
    parser.add_argument('out', type=Path, help='file to write')
    return parser.parse_args()


def main() -> None:
    """Convert."""
    args = parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(args.out) as unfinished:
        if args.format == 'safetensors':
            save_safetensors(our_weights(args.checkpoint), unfinished)
        elif args.format == 'torchvision':
            torch.save(export_torchvision(args.checkpoint), unfinished)
        else:
            torch.save(export_mmaction(MMACTION[args.format], args.checkpoint), unfinished)
    print(f'{args.out} has the weights of {args.checkpoint} for {args.format}')


if __name__ == '__main__':
    run_command(main)
