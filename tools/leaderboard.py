"""Measure any number of checkpoints by the same protocols, and rank those that can be told apart.

python tools/leaderboard.py ours=run1.pth,run2.pth zoo://NAME 'runs/*/last.pth' --data-root FOLDER

An entry is NAME=CHECKPOINT[,CHECKPOINT...], whose checkpoints are runs of one method with other
seeds, or a checkpoint: a file, a pattern or zoo://NAME. Each says itself what its backbone is and
which clips it sees; all other options are those of tools/evaluate.py.
Random initialisations of each architecture, a histogram of colours and one of frame differences are
entries too. Methods that cannot be told apart on the same queries share a rank.

The work directory gets `leaderboard.html`, `leaderboard.md` and `leaderboard.json`; and
`results.json`, with which --join takes the entries into another leaderboard, without their
checkpoints. The same command again, also with more entries, computes only what is missing. An entry
that fails stays in the table with the reason, and the exit status is 1.
"""

import argparse

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.evaluation_options import (
    add_evaluation_options,
    check_evaluation_options,
    evaluation_configs,
)
from vsslbox.apis.leaderboard import make_leaderboard
from vsslbox.apis.leaderboard_entries import parse_entries
from vsslbox.errors import InputError


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument(
        'entries', nargs='*', metavar='[NAME=]CHECKPOINT', help='what to measure, see above'
    )
    add_evaluation_options(parser)
    parser.add_argument(
        '--columns',
        nargs='+',
        default=[],
        metavar='PATTERN',
        help="figures of the table, such as 'knn/*/top1' (default: the first of each protocol and "
        'label)',
    )
    parser.add_argument(
        '--join',
        nargs='+',
        default=[],
        metavar='FILE',
        help='results.json of leaderboards of the same videos and protocols: their entries join',
    )
    args = parser.parse_args()
    if not args.entries and not args.join:
        parser.error('give a checkpoint, or --join the results of other leaderboards')
    if args.entries:
        check_evaluation_options(parser, args)
    if args.launcher != 'none':
        parser.error('--launcher has no place here: a leaderboard is made by one process')
    args.work_dir = args.work_dir or 'work_dirs/leaderboard'
    return args


def main() -> None:
    """Evaluate all entries, and write the leaderboard."""
    args = parse_args()
    entries = parse_entries(args.entries)
    failed = make_leaderboard(
        entries,
        evaluation_configs(args) if entries else None,
        args.work_dir,
        protocols=args.protocols,
        labels=args.labels,
        group=args.group,
        random_seeds=args.random_seeds,
        settings=args.settings,
        columns=args.columns,
        others=args.join,
    )
    if failed:
        raise InputError(f'{len(failed)} entries failed, see the table: {", ".join(failed)}')


if __name__ == '__main__':
    run_command(main)
