"""Judge a checkpoint by a protocol.

python tools/test.py CONFIG CHECKPOINT [--data-root FOLDER] [--out FILE] ...
"""

import argparse
import os
from pathlib import Path

from mmengine.config import Config, DictAction

from vsslbox.apis.command_line import build_runner, read_config, run_command


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Judge a checkpoint by a protocol.')
    parser.add_argument('config', help='the config file of the protocol')
    parser.add_argument('checkpoint', nargs='?', help='the checkpoint file')
    parser.add_argument(
        '--random-init', action='store_true', help='no checkpoint: judge the random start'
    )
    parser.add_argument('--data-root', help="folder of the videos, in place of the config's")
    parser.add_argument('--work-dir', help='folder for logs and results')
    parser.add_argument('--out', help='JSON file for the metrics (default: WORK_DIR/metrics.json)')
    parser.add_argument('--seed', type=int, help='random seed')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, help='replace values of the config'
    )
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    if (args.checkpoint is None) != args.random_init:
        parser.error('give a checkpoint, or --random-init to judge the random start')
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def apply_args(config: Config, args: argparse.Namespace) -> None:
    """Write what the command line says into the config."""
    config.launcher = args.launcher
    config.load_from = args.checkpoint
    config.resume = False
    if args.work_dir is not None:
        config.work_dir = args.work_dir
    elif config.get('work_dir') is None:
        config.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    if args.out is not None:
        config.test_cfg.out = str(Path(args.out).absolute())
    if args.seed is not None:
        config.randomness = {**config.get('randomness', {}), 'seed': args.seed}


def main() -> None:
    """Judge."""
    args = parse_args()
    config = read_config(args.config, args.cfg_options, args.data_root)
    if config.get('test_cfg') is None:
        raise ValueError(
            f'{args.config} has no test_cfg: give the config of a protocol, such as '
            'configs/vclr/benchmarks/retrieval_r50_ucf101.py'
        )
    apply_args(config, args)
    build_runner(config).test()


if __name__ == '__main__':
    run_command(main)
