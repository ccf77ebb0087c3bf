"""What the command line tools share."""

import os
import sys
from collections.abc import Callable

from mmengine.config import Config

from vsslbox.datasets.readers import VideoError
from vsslbox.engine.hooks import TooManyBadVideosError
from vsslbox.models.selfsup import NonFiniteLossError
from vsslbox.utils.checkpoint import CheckpointError
from vsslbox.utils.config_check import check_config

__all__ = ['read_config', 'run_command', 'set_data_root']

# What users can put right. Anything else is a mistake of ours and shows its traceback.
USER_ERRORS = (
    ValueError,
    OSError,
    ImportError,
    CheckpointError,
    NonFiniteLossError,
    TooManyBadVideosError,
    VideoError,
)


def run_command(main: Callable[[], None]) -> None:
    """Run a tool; an error becomes one message on standard error and the exit status 1.

    ``VSSLBOX_TRACEBACK=1`` in the environment shows the traceback instead.
    """
    if os.environ.get('VSSLBOX_TRACEBACK'):
        main()
        return
    try:
        main()
    except USER_ERRORS as error:
        print(f'\nerror: {_message(error)}', file=sys.stderr)
        print('(VSSLBOX_TRACEBACK=1 shows where it happened)', file=sys.stderr)
        sys.exit(1)


def read_config(path: str, options: dict | None = None, data_root: str | None = None) -> Config:
    """Read a config with the changes of the command line.

    Args:
        path: The config file.
        options: What to replace, by dotted keys.
        data_root: The folder to take the data from, in place of the config's own.

    Raises:
        FileNotFoundError: There is no such file.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f'no config file at {path}')
    config = Config.fromfile(path)
    if data_root is not None:
        set_data_root(config._cfg_dict, data_root)
    config.merge_from_dict(options or {})
    return config


def set_data_root(node: dict | list, data_root: str) -> None:
    """Replace every ``data_root`` in a config, at any depth."""
    if isinstance(node, dict):
        if 'data_root' in node:
            node['data_root'] = data_root
        node = list(node.values())
    for child in node:
        if isinstance(child, dict | list):
            set_data_root(child, data_root)


def _message(error: BaseException) -> str:
    """An error's own words, without what engine and loader wrap around them."""
    message = str(error)
    if 'Traceback (most recent call last)' in message:  # from a worker of a data loader
        message = message.strip().splitlines()[-1]
    return message or type(error).__name__


def build_runner(config: Config):
    """Check a config in full and build its runner."""
    check_config(config)
    from mmengine.registry import RUNNERS
    from mmengine.runner import Runner

    if 'runner_type' not in config:
        return Runner.from_cfg(config)
    return RUNNERS.build(config)
