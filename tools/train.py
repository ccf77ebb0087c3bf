"""Train a model.

python tools/train.py CONFIG [--data-root FOLDER] [--epochs N] [--work-dir FOLDER] [--resume] ...
python tools/train.py CONFIG --videos 'clips/*.mp4' more.avi another/folder ...

Sizes that follow from the videos and the machine (the rows of a bank, the keys of a queue, workers)
are taken from these, and the log tells them.
"""

import argparse

from mmengine.config import Config
from mmengine.device import get_device

from vsslbox.apis.command_line import (
    add_common_options,
    apply_common_options,
    build_runner,
    read_config,
    run_command,
    tool_parser,
)
from vsslbox.apis.data_sizes import fit_to_data
from vsslbox.apis.given_videos import train_on
from vsslbox.apis.knn_monitor import add_knn_monitor
from vsslbox.apis.restarts import resume_if_restarted
from vsslbox.config import check_config
from vsslbox.errors import InputError


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='the config file')
    parser.add_argument(
        '--videos',
        nargs='+',
        metavar='PATH',
        help='files, folders and patterns, as all of the data',
    )
    add_common_options(parser)
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='resume from the checkpoint, or from the newest one in the work directory',
    )
    parser.add_argument('--epochs', type=int, help='train so long; all schedules follow')
    parser.add_argument(
        '--knn-every',
        type=int,
        metavar='N',
        help='every N epochs, tell how often the nearest clip is of the same video',
    )
    parser.add_argument(
        '--knn-labels',
        nargs='+',
        default=[],
        metavar='COLUMN',
        help='and the kNN accuracy of columns of the list',
    )
    parser.add_argument('--amp', action='store_true', help='mixed precision (bfloat16 on a CPU)')
    parser.add_argument('--no-validate', action='store_true', help='train without validation')
    parser.add_argument(
        '--auto-scale-lr', action='store_true', help='scale the learning rate to the batch size'
    )
    parser.add_argument(
        '--diff-rank-seed', action='store_true', help='use a different seed in each process'
    )
    parser.add_argument('--deterministic', action='store_true', help='use deterministic cuDNN')
    args = parser.parse_args()
    if args.knn_labels and args.knn_every is None:
        parser.error('--knn-labels needs --knn-every')
    if args.videos and args.data_root:
        parser.error('give --videos or --data-root')
    return args


def apply_args(config: Config, args: argparse.Namespace) -> None:
    """Write the options of the command line into the config."""
    apply_common_options(config, args)
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
            raise InputError(
                '--auto-scale-lr needs `auto_scale_lr = dict(base_batch_size=...)` in the config'
            )
        config.auto_scale_lr.enable = True
    asked = {name: True for name in ('diff_rank_seed', 'deterministic') if getattr(args, name)}
    config.randomness = {'seed': 0, **config.get('randomness', {}), **asked}


def main() -> None:
    """Train."""
    args = parse_args()
    config = read_config(args, args.epochs)
    absent = [name for name in ('train_cfg', 'train_dataloader') if config.get(name) is None]
    if absent:
        raise InputError(
            f'{args.config} has no {absent[0]}: give a config for training, or use tools/test.py '
            'for the config of a protocol'
        )
    apply_args(config, args)
    if args.videos:
        train_on(config, args.videos)
    check_config(config)
    if args.knn_every is not None:
        add_knn_monitor(config, args.knn_every, args.knn_labels)
    fit_to_data(config)
    resume_if_restarted(config)
    build_runner(config).train()


if __name__ == '__main__':
    run_command(main)
