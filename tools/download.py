"""Fetch published weights by name.

python tools/download.py NAME [NAME ...]
python tools/download.py --list

Prints the paths of the files, in ~/.cache/vsslbox or the folder $VSSLBOX_CACHE. They come from the
publisher (through the proxy in $https_proxy, if set), or from $VSSLBOX_ZOO_MIRROR: a folder with
the files of such a cache, or its address. An interrupted transfer resumes.
"""

import argparse

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.checkpoints.zoo import ZooEntry, fetch, zoo_entries


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('names', nargs='*', metavar='NAME', help='names of weights')
    parser.add_argument('--list', action='store_true', help='print all names')
    args = parser.parse_args()
    if args.list == bool(args.names):
        parser.error('give names, or --list to print all')
    return args


def describe(entry: ZooEntry) -> str:
    """Return three lines about an entry."""
    where = 'here' if entry.path.is_file() else 'not here yet'
    return f'{entry.name} ({where})\n    {entry.description}\n    licence: {entry.license}'


def main() -> None:
    """Fetch or list weights."""
    args = parse_args()
    if args.list:
        print('\n'.join(map(describe, zoo_entries().values())))
    for name in args.names:
        print(fetch(name))


if __name__ == '__main__':
    run_command(main)
