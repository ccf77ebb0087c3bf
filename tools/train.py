"""Train a model by a config.

python tools/train.py CONFIG [--data-root FOLDER] [--work-dir FOLDER] [--resume [CHECKPOINT]] ...
"""

import argparse
import os
from pathlib import Path

from mmengine.config import Config, DictAction
from mmengine.device import get_device

from vsslbox.apis.command_line import build_runner, read_config, run_command


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description='Train a model by a config.')
    parser.add_argument('config', help='the config file')
    parser.add_argument('--data-root', help="folder of the videos, in place of the config's")
    parser.add_argument('--work-dir', help='folder for logs and checkpoints')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='go on from the checkpoint, or from the newest one in the work directory',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision (bfloat16 on a CPU)')
    parser.add_argument('--no-validate', action='store_true', help='do not validate in between')
    parser.add_argument(
        '--auto-scale-lr', action='store_true', help='scale the learning rate to the batch size'
    )
    parser.add_argument('--seed', type=int, help='random seed')
    parser.add_argument(
        '--diff-rank-seed', action='store_true', help='another seed on each process'
    )
    parser.add_argument('--deterministic', action='store_true', help='deterministic cuDNN')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='replace values of the config: model.momentum=0.99 ...',
    )
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def apply_args(config: Config, args: argparse.Namespace) -> None:
    """Write what the command line says into the config."""
    config.launcher = args.launcher
    if args.work_dir is not None:
        config.work_dir = args.work_dir
    elif config.get('work_dir') is None:
        config.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    if args.resume is not None:
        config.resume = True
        config.load_from = None if args.resume == 'auto' else args.resume
    if args.no_validate:
        config.val_cfg = config.val_dataloader = config.val_evaluator = None
    if args.amp:
        on_cpu = get_device() == 'cpu'
        config.optim_wrapper.type = 'Bfloat16OptimWrapper' if on_cpu else 'AmpOptimWrapper'
    if args.auto_scale_lr:
        if 'base_batch_size' not in config.get('auto_scale_lr', {}):
            raise ValueError(
                '--auto-scale-lr needs `auto_scale_lr = dict(base_batch_size=...)` in the config'
            )
        config.auto_scale_lr.enable = True
    randomness = {'seed': 0, **config.get('randomness', {})}
    if args.seed is not None:
        randomness['seed'] = args.seed
    config.randomness = dict(
        randomness, diff_rank_seed=args.diff_rank_seed, deterministic=args.deterministic
    )


def main() -> None:
    """Train."""
    args = parse_args()
    config = read_config(args.config, args.cfg_options, args.data_root)
    apply_args(config, args)
    build_runner(config).train()


if __name__ == '__main__':
    run_command(main)
