"""Make a checkpoint file of a checkpoint in shares, for evaluation, publication and the rest.

python tools/convert/join_shares.py FOLDER OUT

FOLDER is what a training with `fully_shard=dict(save_shares=True)` writes, such as
work_dirs/run/epoch_3.pth; OUT is the same checkpoint as a training without that option writes it. A
training resumes from either, on any number of processes.
"""

import argparse
from pathlib import Path

import torch

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.checkpoints.loading import CheckpointError
from vsslbox.checkpoints.shares import is_in_shares, load_shares
from vsslbox.utils import whole_file


def join_shares(folder: Path, out: Path) -> None:
    """Write the file.

    Raises:
        CheckpointError: The folder is none of shares, or damaged.
    """
    if not is_in_shares(folder):
        raise CheckpointError(f'{folder} is not the folder of a checkpoint in shares')
    checkpoint = load_shares(folder)
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(out) as unfinished:
        torch.save(checkpoint, unfinished)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('folder', type=Path, help='the checkpoint in shares')
    parser.add_argument('out', type=Path, help='the file to write, ends in .pth')
    args = parser.parse_args()
    if args.out.suffix != '.pth' or args.out.is_dir():
        parser.error(f'OUT must be a file that ends in .pth, got {args.out}')
    return args


def main() -> None:
    """Join the shares of the command line."""
    args = parse_args()
    join_shares(args.folder, args.out)
    print(f'written: {args.out}')


if __name__ == '__main__':
    run_command(main)
