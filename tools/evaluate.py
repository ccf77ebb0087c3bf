"""Measure how good a checkpoint's features are: a report card of all protocols the data allows.

python tools/evaluate.py CHECKPOINT --config CONFIG [--protocols knn svm] [--random-init] ...

The config is that of a protocol on features (`GalleryTestLoop`); it gives the model, the videos,
the pipeline and the settings of its metrics. Features are extracted once. The work directory gets
`report.json`, `report.html` and, for each run, what tools/test.py writes.
"""

import argparse

from vsslbox.apis.command_line import (
    add_common_options,
    apply_common_options,
    read_config,
    run_command,
)
from vsslbox.apis.report_card import make_report_card


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('checkpoint', help='the checkpoint: a file, or zoo://NAME')
    parser.add_argument('--config', required=True, help='the config file of a protocol')
    parser.add_argument(
        '--protocols',
        nargs='+',
        metavar='NAME',
        help='retrieval, knn, linear, svm, or any that the config imports (default: all)',
    )
    parser.add_argument(
        '--labels', nargs='+', help="columns of the list to predict, instead of the config's"
    )
    parser.add_argument(
        '--random-init', action='store_true', help='compare with random initialisation'
    )
    add_common_options(parser)
    return parser.parse_args()


def main() -> None:
    """Evaluate, and write the report."""
    args = parse_args()
    config = read_config(args)
    apply_common_options(config, args)
    make_report_card(
        config,
        args.checkpoint,
        protocols=args.protocols,
        labels=args.labels,
        random_init=args.random_init,
    )


if __name__ == '__main__':
    run_command(main)
