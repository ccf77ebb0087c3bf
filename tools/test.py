"""Evaluate a checkpoint with a protocol.

python tools/test.py CONFIG CHECKPOINT [--data-root FOLDER] [--out FILE] ...
"""

import argparse
from pathlib import Path

from mmengine.config import Config

from vsslbox.apis.command_line import (
    add_common_options,
    apply_common_options,
    build_runner,
    read_config,
    run_command,
)
from vsslbox.errors import InputError


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='the config file of the protocol')
    parser.add_argument('checkpoint', nargs='?', help='the checkpoint: a file, or zoo://NAME')
    parser.add_argument(
        '--random-init', action='store_true', help='no checkpoint: evaluate random initialisation'
    )
    parser.add_argument('--out', help='JSON file for the metrics (default: WORK_DIR/metrics.json)')
    add_common_options(parser)
    args = parser.parse_args()
    if (args.checkpoint is None) != args.random_init:
        parser.error('give a checkpoint, or --random-init to evaluate random initialisation')
    return args


def apply_args(config: Config, args: argparse.Namespace) -> None:
    """Write the options of the command line into the config."""
    apply_common_options(config, args)
    config.load_from = args.checkpoint
    config.resume = False
    if args.out is not None:
        config.test_cfg.out = str(Path(args.out).absolute())


def main() -> None:
    """Evaluate."""
    args = parse_args()
    config = read_config(args)
    if config.get('test_cfg') is None:
        raise InputError(
            f'{args.config} has no test_cfg: give the config of a protocol, such as '
            'configs/vclr/benchmarks/retrieval_r50_ucf101.py'
        )
    apply_args(config, args)
    build_runner(config).test()


if __name__ == '__main__':
    run_command(main)
