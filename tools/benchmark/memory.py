"""Measure the memory that activations take, and what options save of it.

python tools/benchmark/memory.py [--step BATCH:CHUNK ...] [--json FILE]

The first table is of `activation_checkpointing`: what a forward pass of one clip of 8x112x112 keeps
for the backward pass, with all activations and with the inputs of blocks alone, weights left out.
The second one is of `model.chunk_size`: by how much a training step of CVRL raises the peak of the
memory of its process, which has the model and the clips; an R3DResNet-18 with 32 channels on clips
of 4x32x32. CHUNK 0 encodes the clips together. Each figure is of a process of its own on a CPU,
which gives back what it frees.
"""

import argparse
import ctypes
import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from machine import describe_machine
from mmengine.registry import init_default_scope
from torch import nn

from vsslbox.engine.activation_checkpointing import checkpoint_activations
from vsslbox.engine.worker import keep_freed_memory
from vsslbox.registry import MODELS

BACKBONES = {
    'VideoViT small': dict(type='VideoViT', arch='small', img_size=112, num_frames=8),
    'R3DResNet-50': dict(type='R3DResNet', depth=50),
    'S3D': dict(type='S3D'),
}
CVRL = dict(
    type='CVRL',
    backbone=dict(type='R3DResNet', depth=18, base_channels=32),
    neck=dict(type='MLPNeck', in_channels=256, hidden_channels=256, out_channels=128),
    loss=dict(type='NTXentLoss'),
)
STEPS = ('64:0', '1024:0', '1024:128', '1024:64')
MIB = 2**20


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        '--backbones', nargs='*', default=list(BACKBONES), choices=BACKBONES, help='first table'
    )
    parser.add_argument(
        '--step', nargs='*', default=STEPS, metavar='BATCH:CHUNK', help='rows of the second table'
    )
    parser.add_argument('--json', type=Path, help='file for the figures')
    return parser.parse_args()


def kept_bytes(network: nn.Module, clips: torch.Tensor) -> int:
    """Return the bytes that a forward pass keeps, inputs included and parameters left out."""
    kept = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = network(clips)  # keeps the tensors, so that no two have one address
    for parameter in network.parameters():
        kept.pop(parameter.untyped_storage().data_ptr(), None)
    del output
    return sum(kept.values())


def measure_backbone(name: str, is_checkpointed: bool) -> float:
    """Return the MiB that a forward pass of a backbone keeps."""
    torch.manual_seed(0)
    network = MODELS.build(BACKBONES[name])
    network.train()
    if is_checkpointed:
        checkpoint_activations(network, '')
    return kept_bytes(network, torch.randn(1, 3, 8, 112, 112)) / MIB


def forget_peak() -> None:
    """Let the peak of memory begin with what is in use, and give back what is free."""
    ctypes.CDLL(None).malloc_trim(0)
    Path('/proc/self/clear_refs').write_text('5')


def peak() -> float:
    """Return the most memory that this process has had, in MiB."""
    lines = Path('/proc/self/status').read_text().splitlines()
    (line,) = (line for line in lines if line.startswith('VmHWM'))
    return int(line.split()[1]) / 1024


def measure_step(batch: int, chunk: int) -> float:
    """Return the MiB by which a training step raises the peak of memory."""
    torch.manual_seed(0)
    model = MODELS.build(dict(CVRL, chunk_size=chunk or None))
    model.train()
    views = [torch.randn(batch, 3, 4, 32, 32) for _ in range(2)]
    forget_peak()
    before = peak()
    (loss,) = model(views, [], mode='loss').values()
    loss.backward()
    return peak() - before


def prepare() -> None:
    """Compute on one thread, and give larger blocks back to the system when they are freed."""
    torch.set_num_threads(1)
    keep_freed_memory(MIB)


def apart(function: Callable, *args: Any) -> float:
    """Call a function in a process of its own."""
    with multiprocessing.get_context('fork').Pool(1, prepare) as pool:
        return round(pool.apply(function, args), 1)


def main() -> None:
    """Measure."""
    args = parse_args()
    init_default_scope('vsslbox')
    kept, peaks = {}, {}
    print('| backbone | all activations | inputs of blocks |\n|---|---|---|')
    for name in args.backbones:
        kept[name] = [apart(measure_backbone, name, choice) for choice in (False, True)]
        print(f'| {name} | {kept[name][0]} | {kept[name][1]} |', flush=True)
    print('\n| videos in the batch | chunk_size | MiB |\n|---|---|---|')
    for step in args.step:
        batch, chunk = map(int, step.split(':'))
        peaks[step] = apart(measure_step, batch, chunk)
        print(f'| {batch} | {chunk or "-"} | {peaks[step]:.0f} |', flush=True)
    if args.json:
        figures = dict(describe_machine(), kept_mib=kept, peak_mib=peaks)
        args.json.write_text(json.dumps(figures, indent=1) + '\n')


if __name__ == '__main__':
    main()
