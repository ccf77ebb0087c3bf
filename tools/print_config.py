"""Print what a config resolves to, or what differs between two configs.

python tools/print_config.py CONFIG [--cfg-options ...] [--all]
python tools/print_config.py CONFIG --diff OTHER

The first prints Python text of the names that the engine reads; --all adds the config's own
variables. The second prints one line for each place that differs, from CONFIG to OTHER:

    train_dataloader.dataset.pipeline.sample.clip_len: 4 -> 8
    train_dataloader.dataset.pipeline.flip: dict(type='RandomFlip', prob=0.5) -> absent
"""

import argparse

from vsslbox.apis.command_line import add_config_options, read_config, run_command, tool_parser
from vsslbox.config import TOP_LEVEL, config_difference
from vsslbox.utils import config_text


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='the config file')
    parser.add_argument('--diff', metavar='OTHER', help='print what differs in this config file')
    parser.add_argument('--all', action='store_true', help="show the config's own variables too")
    add_config_options(parser)
    parser.set_defaults(data_root=None)
    return parser.parse_args()


def shown_values(args: argparse.Namespace) -> dict:
    """Read the values of a config that are shown."""
    values = read_config(args).to_dict()
    return {key: value for key, value in values.items() if args.all or key in TOP_LEVEL}


def main() -> None:
    """Print the config, or what differs."""
    args = parse_args()
    values = shown_values(args)
    if args.diff is None:
        print(config_text(values), end='')
        return
    other = argparse.Namespace(**{**vars(args), 'config': args.diff, 'cfg_options': None})
    for line in config_difference(values, shown_values(other)):
        print(line)


if __name__ == '__main__':
    run_command(main)
