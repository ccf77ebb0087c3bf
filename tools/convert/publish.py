"""Write the weights of a training checkpoint for publication, with their hash in the name.

python tools/convert/publish.py CHECKPOINT OUT [--only backbone neck ...] [--half]

OUT is a name such as weights/vclr_r50_k400.pth. The file becomes vclr_r50_k400-0123abcd.pth, with
the beginning of its SHA-256. The state of optimizer, schedules and logs is left out; `--only` keeps
only some parts of the model, and `--half` stores numbers in half precision, which a model of single
precision loads like any others. The checkpoint must hold its config, as those of training do.
"""

import argparse
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.checkpoints.loading import CheckpointError, load_checkpoint
from vsslbox.utils import file_sha256, whole_file

KEPT = ('meta', 'state_dict')


def publish(source: str | Path, out: Path, only: Sequence[str] = (), half: bool = False) -> Path:
    """Write the published part of a checkpoint.

    Args:
        source: The checkpoint.
        out: The file without its hash.
        only: Parts of the model, the first words of their weights' names; all if empty.
        half: Whether floating-point weights are stored as float16.

    Returns:
        The file, whose name ends in the hash.

    Raises:
        CheckpointError: It cannot be read, lacks its config, its weights or one of the parts, or
            has a weight that half precision cannot hold.
    """
    checkpoint = load_checkpoint(source)
    if not (checkpoint.get('meta') or {}).get('cfg'):
        raise CheckpointError(
            f'{source} holds no config (meta.cfg), so that its model is unknown. '
            'Publish a checkpoint that training wrote.'
        )
    if not checkpoint.get('state_dict'):
        raise CheckpointError(f'{source} holds no weights (state_dict)')
    published = {key: checkpoint[key] for key in KEPT}
    if only:
        published['state_dict'] = _parts(checkpoint['state_dict'], only, source)
    if half:
        published['state_dict'] = _halved(published['state_dict'], source)
    out.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    torch.save(published, content)
    sha256 = hashlib.sha256(content.getbuffer()).hexdigest()
    path = out.with_name(f'{out.stem}-{sha256[:8]}{out.suffix}')
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content.getbuffer())
    return path


def _parts(
    weights: dict[str, Tensor], only: Sequence[str], source: str | Path
) -> dict[str, Tensor]:
    """Return the weights of some parts of a model."""
    there = {name.split('.')[0] for name in weights}
    lacking = sorted(set(only) - there)
    if lacking:
        raise CheckpointError(
            f'{source} has no weights of {", ".join(lacking)}; it has {", ".join(sorted(there))}'
        )
    # Copies: a tensor that shares its storage with others would be saved with them.
    return {name: w.clone() for name, w in weights.items() if name.split('.')[0] in only}


def _halved(weights: dict[str, Tensor], source: str | Path) -> dict[str, Tensor]:
    """Return weights whose floating-point numbers are float16."""
    halved = {name: w.half() if w.is_floating_point() else w for name, w in weights.items()}
    for name, weight in weights.items():
        if not torch.equal(halved[name].isfinite(), weight.isfinite()):
            raise CheckpointError(
                f'{name} of {source} is too large for half precision; publish without --half'
            )
    return halved


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('checkpoint', help='a checkpoint of training')
    parser.add_argument('out', type=Path, help='name of the published file, ends in .pth')
    parser.add_argument(
        '--only', nargs='+', default=(), metavar='PART', help='parts of the model to publish'
    )
    parser.add_argument('--half', action='store_true', help='store numbers in half precision')
    args = parser.parse_args()
    if args.out.suffix != '.pth':
        parser.error(f'OUT must end in .pth, got {args.out}')
    return args


def main() -> None:
    """Publish, and print the entries for the metafile."""
    args = parse_args()
    path = publish(args.checkpoint, args.out, args.only, args.half)
    print(f'Weights: {path}')
    print(f'Weights Size: {path.stat().st_size}')
    print(f'Weights SHA256: {file_sha256(path)}')


if __name__ == '__main__':
    run_command(main)
