"""What the command line tools share."""

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import torch.distributed as dist
from mmengine.config import Config, DictAction
from mmengine.registry import RUNNERS
from mmengine.runner import Runner

from vsslbox.config.check import check_config
from vsslbox.config.options import replace_values
from vsslbox.datasets.readers import VideoError
from vsslbox.errors import VSSLBoxError

__all__ = [
    'add_common_options',
    'apply_common_options',
    'build_runner',
    'on_videos',
    'read_config',
    'run_command',
]

# What users can mend. Anything else is a bug and shows its traceback.
USER_ERRORS = (VSSLBoxError, OSError, ImportError)

# As Python prints it before a message.
_ERROR_CLASS = re.compile(r'^[\w.]+Error: ')

LEAVE_OUT = """\
Training replaces a video that it can't read, a test does not. tools/data/check_videos.py finds all
such videos of a folder: leave them out of the list, or take them out of the folder."""


def run_command(main: Callable[[], None]) -> None:
    """Run a tool; an error becomes one message on standard error and the exit status 1.

    ``VSSLBOX_TRACEBACK=1`` in the environment shows the traceback instead.
    """
    if os.environ.get('VSSLBOX_TRACEBACK'):
        _run_and_close(main)
        return
    try:
        _run_and_close(main)
    except KeyboardInterrupt:
        sys.exit('\ninterrupted')
    except USER_ERRORS as error:
        print(f'\nerror: {_message(error)}', file=sys.stderr)
        if isinstance(error, VideoError):
            print(LEAVE_OUT, file=sys.stderr)
        print('(VSSLBOX_TRACEBACK=1 shows where it happened)', file=sys.stderr)
        sys.exit(1)


def _run_and_close(main: Callable[[], None]) -> None:
    """Run a tool, and close the process group that it has opened.

    Left open, its threads can abort a process at its exit, when all has been done.
    """
    opened_before = dist.is_initialized()
    main()
    if dist.is_initialized() and not opened_before:
        dist.destroy_process_group()


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that training and testing share."""
    parser.add_argument('--data-root', help="folder of the videos, in place of the config's")
    parser.add_argument('--work-dir', help='folder for logs and results')
    parser.add_argument('--seed', type=int, help='random seed')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='replace values of the config: model.momentum=0.99 ...',
    )
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def read_config(args: argparse.Namespace) -> Config:
    """Read the config that the command line names, with the values that it replaces.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: A replaced value would change nothing.
    """
    if not os.path.isfile(args.config):
        raise FileNotFoundError(f'no config file at {args.config}')
    config = Config.fromfile(args.config)
    if args.data_root is not None:
        _set_data_root(config._cfg_dict, args.data_root)
    replace_values(config, args.cfg_options or {})
    return config


def apply_common_options(config: Config, args: argparse.Namespace) -> None:
    """Write launcher, work directory and seed into the config."""
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    config.launcher = args.launcher
    if args.work_dir is not None:
        config.work_dir = args.work_dir
    elif config.get('work_dir') is None:
        config.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    if args.seed is not None:
        config.randomness = {**config.get('randomness', {}), 'seed': args.seed}


def on_videos(dataset_cfg: dict, folder: str | None) -> dict:
    """A data set's config, on all videos of a folder if one is given."""
    if folder is None:
        return dataset_cfg
    return {**dataset_cfg, 'data_root': folder, 'ann_file': '', 'data_prefix': dict(video='')}


def _set_data_root(node: dict | list, data_root: str) -> None:
    """Replace every ``data_root`` in a config, at any depth."""
    if isinstance(node, dict):
        if 'data_root' in node:
            node['data_root'] = data_root
        node = list(node.values())
    for child in node:
        if isinstance(child, dict | list):
            _set_data_root(child, data_root)


def _message(error: BaseException) -> str:
    """An error's own words, without what engine and loader wrap around them."""
    message = str(error)
    if 'Traceback (most recent call last)' in message:  # from a worker of a data loader
        message = _ERROR_CLASS.sub('', message.strip().splitlines()[-1])
    return message or type(error).__name__


def build_runner(config: Config) -> Runner:
    """Check a config in full and build its runner."""
    check_config(config)
    if 'runner_type' not in config:
        return Runner.from_cfg(config)
    return RUNNERS.build(config)
