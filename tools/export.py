"""Export a network, or its weights, for other code.

python tools/export.py CHECKPOINT -o model.onnx
python tools/export.py CHECKPOINT -o weights.pth --names mmaction-tsn

The ending of the file decides:

.onnx          the network for ONNX Runtime and others, and
.pt2           for torch.export.load: clips in; features of a pretraining, scores of the classes of
               a fine-tuning out; the normalisation is inside, a batch may have any size
.safetensors   the weights under the names that --names says (ours are read by all commands), and
.pth           the same for torch.load

A network is written, run on random clips and compared with vsslbox; a file that differs is removed.
"""

import argparse
import logging
from pathlib import Path

import torch

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.export_network import export_network, network_of
from vsslbox.apis.export_weights import NAMES, kept_meta, named_weights, save_weights
from vsslbox.errors import InputError

NETWORKS = ('.onnx', '.pt2')
WEIGHTS = ('.safetensors', '.pth')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('checkpoint', help='a checkpoint of vsslbox: a file, or zoo://NAME')
    parser.add_argument('-o', '--out', type=Path, required=True, help='the file to write')
    parser.add_argument(
        '--dtype', choices=['uint8', 'float32'], default='uint8', help='of the clips of a network'
    )
    parser.add_argument(
        '--names', choices=NAMES, default='vsslbox', help='whose names weights have'
    )
    return parser.parse_args()


def check(args: argparse.Namespace) -> None:
    """Refuse endings and options that do not go together.

    Raises:
        InputError: They do not.
    """
    suffix = args.out.suffix
    if suffix not in NETWORKS + WEIGHTS:
        raise InputError(f'{args.out} must end in one of {", ".join(NETWORKS + WEIGHTS)}')
    if suffix in NETWORKS and args.names != 'vsslbox':
        raise InputError(f'--names is for weights ({", ".join(WEIGHTS)}), not for {suffix}')
    if suffix in WEIGHTS and args.dtype != 'uint8':
        raise InputError(f'--dtype is for networks ({", ".join(NETWORKS)}), not for {suffix}')
    if suffix == '.pth' and args.names == 'vsslbox':
        raise InputError(
            f'choose --names {", ".join(NAMES[1:])} for {args.out}; tools/convert/publish.py '
            'writes a checkpoint of vsslbox without the state of its training'
        )


def main() -> None:
    """Export."""
    args = parse_args()
    check(args)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if args.out.suffix in NETWORKS:
        logging.getLogger('torch.onnx').setLevel(logging.ERROR)  # it misses torchvision
        network = network_of(args.checkpoint)
        difference = export_network(network, args.out, getattr(torch, args.dtype))
        meta = network.meta
        shape = ', '.join(map(str, ('N', *network.shape)))
        print(
            f'{args.out}: {meta["input"]} {args.dtype} [{shape}] ({meta["layout"]}) to '
            f'{meta["output"]}; differs from vsslbox by {difference:.1e} at most'
        )
    else:
        weights, taker = named_weights(args.checkpoint, args.names)
        meta = kept_meta(args.checkpoint) if args.names == 'vsslbox' else {}
        name = Path(args.checkpoint).name
        save_weights(weights, args.out, checkpoint=name, network=taker, **meta)
        print(f'{args.out}: {len(weights)} tensors of {args.checkpoint} for {taker}')


if __name__ == '__main__':
    run_command(main)
