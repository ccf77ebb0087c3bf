"""Functions that the command line tools share."""

import argparse
import gc
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch.distributed as dist
from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import Runner
from mmengine.utils import import_modules_from_strings

from vsslbox.compat import without_traceback
from vsslbox.config import (
    ConfigError,
    check_config,
    find_config,
    parse_value,
    replace_values,
    set_epochs,
)
from vsslbox.datasets.readers import VideoError
from vsslbox.engine.stop_signals import TrainingStopped
from vsslbox.errors import InputError, VSSLBoxError

__all__ = [
    'add_common_options',
    'add_config_options',
    'apply_common_options',
    'build_runner',
    'environment_of_training',
    'on_videos',
    'read_config',
    'run_command',
    'tool_parser',
]

# The errors that users can fix. Any other error is a bug and shows its traceback.
USER_ERRORS = (VSSLBoxError, OSError, ImportError)

# The variable that each launcher sets in the environment of its processes.
_SET_BY_LAUNCHER = dict(pytorch='RANK', slurm='SLURM_PROCID', mpi='OMPI_COMM_WORLD_LOCAL_RANK')

LEAVE_OUT = """\
Training replaces a video that cannot be read, a test does not. tools/data/check_videos.py finds all
such videos of a folder: remove them from the list or the folder."""


class OptionsAction(argparse.Action):
    """``KEY=VALUE`` options, as a dict; malformed ones end in a message."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Add the options to the namespace."""
        options = dict(getattr(namespace, self.dest) or {})
        for text in values or ():
            key, equals, value = text.partition('=')
            if not (equals and all(key.strip().split('.'))):
                parser.error(
                    f'{option_string} takes KEY=VALUE, such as model.momentum=0.99, got {text}'
                )
            try:
                options[key.strip()] = parse_value(value)
            except ValueError as error:
                parser.error(f'{option_string} {shorten(text, 200)}: {error}')
        setattr(namespace, self.dest, options)


def run_command(main: Callable[[], None]) -> None:
    """Run a tool; an error becomes one message on standard error and an exit status, mostly 1.

    ``VSSLBOX_TRACEBACK=1`` in the environment shows the traceback instead.
    """
    if os.environ.get('VSSLBOX_TRACEBACK'):
        _run_and_close(main)
        return
    try:
        _run_and_close(main)
    except KeyboardInterrupt:
        print('\ninterrupted', file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    except USER_ERRORS as error:
        message = without_traceback(str(error)) or type(error).__name__
        print(f'\nerror: {message}', file=sys.stderr)
        if isinstance(error, VideoError):
            print(LEAVE_OUT, file=sys.stderr)
        print('(VSSLBOX_TRACEBACK=1 shows where it happened)', file=sys.stderr)
        sys.exit(getattr(error, 'exit_status', 1))


def _run_and_close(main: Callable[[], None]) -> None:
    """Run a tool, and close the process group that it opened.

    An open one has threads that can abort the process at its exit, after all work is done. They
    end when nothing refers to the group: neither a wrapped model, in the cycles of a runner, nor
    the frames of an error.
    """
    opened_before = dist.is_initialized()
    stopped = None
    try:
        main()
    except TrainingStopped as error:
        stopped = error.with_traceback(None)
    if dist.is_initialized() and not opened_before:
        dist.destroy_process_group()
        gc.collect()
    if stopped is not None:
        raise stopped


def tool_parser(doc: str, **options: Any) -> argparse.ArgumentParser:
    """Return a parser whose help is the docstring of a tool, with its example.

    Of a command of ``vsslbox`` the example is that command.
    """
    if sys.argv[0].startswith('vsslbox '):
        doc = re.sub(r'python tools/\S+', sys.argv[0], doc)
    return argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter, **options
    )


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that training and testing share."""
    parser.add_argument('--data-root', help="folder of the videos, instead of the config's")
    parser.add_argument('--work-dir', help='folder for logs and results')
    parser.add_argument('--seed', type=int, help='random seed')
    add_config_options(parser)
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add the option that replaces values of the config."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=OptionsAction,
        help='replace values of the config: model.momentum=0.99 ...',
    )


def read_config(args: argparse.Namespace, epochs: int | None = None) -> Config:
    """Read the config that the command line names, and replace the values that it gives.

    Args:
        args: The command line.
        epochs: Another length of the training, which its schedules follow.

    Raises:
        FileNotFoundError: There is no such file.
        ConfigError: The file or one of its bases is no valid config, or a given value has no place
            in it or would change nothing.
    """
    args.config = find_config(args.config)
    with _as_config_error(f'{args.config} cannot be read'):
        config = Config.fromfile(args.config)
    if args.data_root is not None:
        _set_data_root(config, args.data_root)
    if epochs is not None:
        set_epochs(config, epochs)
    with _as_config_error('--cfg-options do not fit the config'):
        options = args.cfg_options or {}
        replace_values(config, options)
        # The file's own were imported while it was read.
        if any(option.split('.')[0] == 'custom_imports' for option in options):
            _import_modules(config.custom_imports)
    return config


def _import_modules(custom_imports: dict) -> None:
    """Import what the option ``custom_imports`` names.

    Raises:
        ConfigError: A module cannot be imported, or the option does not name any.
    """
    try:
        import_modules_from_strings(**custom_imports)
    except (ImportError, TypeError) as error:
        raise ConfigError(
            f"--cfg-options custom_imports=... must be dict(imports=['MODULE', ...]): {error}"
        ) from error


@contextmanager
def _as_config_error(problem: str) -> Iterator[None]:
    """Report any error as one of the config, whose code and values are the user's."""
    try:
        yield
    except USER_ERRORS:
        raise
    except Exception as error:
        line = f': {error.text.strip()}' if isinstance(error, SyntaxError) and error.text else ''
        raise ConfigError(f'{problem}: {type(error).__name__}: {error}{line}') from error


def apply_common_options(config: Config, args: argparse.Namespace) -> None:
    """Write launcher, work directory and seed into the config.

    Raises:
        InputError: The launcher did not start this process.
    """
    variable = _SET_BY_LAUNCHER.get(args.launcher)
    if variable is not None and variable not in os.environ:
        raise InputError(
            f'--launcher {args.launcher} is for processes that a launcher starts ({variable} is '
            'not set): use tools/dist_train.sh, tools/slurm_train.sh or the like'
        )
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    config.launcher = args.launcher
    if args.work_dir is not None:
        config.work_dir = args.work_dir
    elif config.get('work_dir') is None:
        config.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    if args.seed is not None:
        config.randomness = {**config.get('randomness', {}), 'seed': args.seed}


def environment_of_training() -> dict[str, str]:
    """Return the environment for a training in a process of its own, unless the user sets threads.

    One core is left to the loader: sharing it would make both many times slower.
    """
    return {'OMP_NUM_THREADS': str(max(1, (os.cpu_count() or 1) - 1)), **os.environ}


def on_videos(dataset_cfg: dict, folder: str | None) -> dict:
    """Return a data set's config, changed to all videos of a folder if one is given."""
    if folder is None:
        return dataset_cfg
    return {**dataset_cfg, 'data_root': folder, 'ann_file': '', 'data_prefix': dict(video='')}


def _set_data_root(node: Config | dict | list, data_root: str) -> None:
    """Replace every ``data_root`` in a config, at any depth."""
    if isinstance(node, Config | dict):
        if 'data_root' in node:
            node['data_root'] = data_root
        node = list(node.values())
    for child in node:
        if isinstance(child, dict | list):
            _set_data_root(child, data_root)


def build_runner(config: Config) -> Runner:
    """Check a whole config and build its runner: ``SSLRunner``, unless the config names another."""
    check_config(config)
    config.setdefault('runner_type', 'vsslbox.SSLRunner')
    return RUNNERS.build(config)
