"""Make of a checkpoint of training what is published: the weights, with their hash in the name.

python tools/convert/publish.py CHECKPOINT OUT

OUT is a name such as weights/vclr_r50_k400.pth. The file becomes vclr_r50_k400-0123abcd.pth, with
the beginning of its SHA-256. The state of optimizer, schedules and logs is left out. A checkpoint
must hold the config that made it, as those of training do.
"""

import argparse
from pathlib import Path

import torch

from vsslbox.apis.command_line import run_command
from vsslbox.utils.checkpoint import CheckpointError, file_sha256, load_checkpoint

KEPT = ('meta', 'state_dict')


def publish(source: Path, out: Path) -> Path:
    """Write what is published of a checkpoint.

    Returns:
        The file, whose name ends in the hash.

    Raises:
        CheckpointError: It can't be read, or lacks its config or its weights.
    """
    checkpoint = load_checkpoint(source)
    if not (checkpoint.get('meta') or {}).get('cfg'):
        raise CheckpointError(
            f'{source} holds no config (meta.cfg): nobody could tell what its weights are of. '
            'Publish a checkpoint as training writes it.'
        )
    if not checkpoint.get('state_dict'):
        raise CheckpointError(f'{source} holds no weights (state_dict)')
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f'{out.name}.unfinished')
    torch.save({key: checkpoint[key] for key in KEPT}, unfinished)
    path = out.with_name(f'{out.stem}-{file_sha256(unfinished)[:8]}{out.suffix}')
    unfinished.replace(path)
    return path


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('checkpoint', type=Path, help='a checkpoint of training')
    parser.add_argument('out', type=Path, help='name for what is published, ends in .pth')
    args = parser.parse_args()
    if args.out.suffix != '.pth':
        parser.error(f'OUT must end in .pth, got {args.out}')
    return args


def main() -> None:
    """Publish, and print what the metafile needs."""
    args = parse_args()
    path = publish(args.checkpoint, args.out)
    print(f'Weights: {path}')
    print(f'Weights Size: {path.stat().st_size}')
    print(f'Weights SHA256: {file_sha256(path)}')


if __name__ == '__main__':
    run_command(main)
