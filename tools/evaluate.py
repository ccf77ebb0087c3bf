"""Measure how good a checkpoint's features are: a report card of all protocols the data allows.

python tools/evaluate.py CHECKPOINT --data-root FOLDER --labels action [--group scene] ...

The checkpoint of a pretraining says what its backbone is and which clips it sees. The list is a CSV
with the columns `path` and those of the labels; without `--list` it is the only CSV of the folder.
Its column `split` says which videos are queries (val, test) and which their gallery (train);
without one, each video is a query among all others but those of its group. `--config` names the
config of a protocol on features (`GalleryTestLoop`) instead, such as a paper's.

The checkpoint is compared with random initialisations of the same network, a histogram of colours
and one of frame differences, on the same videos. Near-duplicates on both sides are warned of. The
work directory gets `report.html`, `report.json` and, in `checkpoint/`, what tools/test.py writes.
"""

import argparse

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.evaluation_options import (
    add_evaluation_options,
    check_evaluation_options,
    evaluation_configs,
)
from vsslbox.apis.report_card import make_report_card


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('checkpoint', help='the checkpoint: a file, or zoo://NAME')
    add_evaluation_options(parser)
    parser.add_argument(
        '--no-duplicates',
        action='store_true',
        help='do not search for near-duplicates among queries and gallery',
    )
    args = parser.parse_args()
    check_evaluation_options(parser, args)
    return args


def main() -> None:
    """Evaluate, and write the report."""
    args = parse_args()
    make_config = evaluation_configs(args)
    make_report_card(
        make_config(args.checkpoint),
        args.checkpoint,
        protocols=args.protocols,
        labels=args.labels,
        group=args.group,
        random_seeds=args.random_seeds,
        search_duplicates=not args.no_duplicates,
        settings=args.settings,
    )


if __name__ == '__main__':
    run_command(main)
