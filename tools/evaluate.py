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
from pathlib import Path

from mmengine.config import Config

from vsslbox.apis.checkpoint_config import evaluation_config
from vsslbox.apis.command_line import (
    add_common_options,
    apply_common_options,
    read_config,
    run_command,
    tool_parser,
)
from vsslbox.apis.report_card import make_report_card
from vsslbox.config import replace_values
from vsslbox.errors import InputError
from vsslbox.preparation.folds import named_split
from vsslbox.preparation.text_files import only_csv, read_csv


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('checkpoint', help='the checkpoint: a file, or zoo://NAME')
    parser.add_argument('--config', help='the config file of a protocol')
    parser.add_argument('--list', type=Path, help='the list of the videos')
    parser.add_argument(
        '--protocols',
        nargs='+',
        metavar='NAME',
        help='retrieval, knn, linear, svm, attentive, or any that the config imports (default: all '
        'but attentive)',
    )
    parser.add_argument('--labels', nargs='+', help='columns of the list to predict')
    parser.add_argument(
        '--group', help='a column, such as scene: videos of one value do not find each other'
    )
    parser.add_argument(
        '--random-seeds',
        type=int,
        default=3,
        metavar='N',
        help='random initialisations to compare with; 0 for no comparison (default: 3)',
    )
    parser.add_argument(
        '--no-duplicates',
        action='store_true',
        help='do not search for near-duplicates among queries and gallery',
    )
    add_common_options(parser)
    args = parser.parse_args()
    if args.config and args.list:
        parser.error('--list is for an evaluation without --config, which names its lists')
    if not (args.config or args.data_root):
        parser.error('give --data-root, the folder of the videos, or the --config of a protocol')
    if args.random_seeds < 0:
        parser.error('--random-seeds must not be negative')
    return args


def config_of_checkpoint(args: argparse.Namespace) -> Config:
    """Return the config by the checkpoint alone, and fill in the labels and the work directory."""
    path = args.list or only_csv(Path(args.data_root))
    queries, gallery = (), ()
    if path.suffix.lower() != '.csv':
        args.labels = args.labels or ['label']
    else:
        rows = read_csv(path, 'path')
        if not rows:
            raise InputError(f'{path} has no rows below its header')
        args.labels = args.labels or guess_labels(path, rows, args.group)
        if 'split' in rows[0]:
            values = [row['split'].strip() for row in rows]
            split = named_split(values, None)
            queries, gallery = (
                sorted({values[n] for n in part}) for part in (split.test, split.train)
            )
    config = evaluation_config(
        args.checkpoint, args.data_root, path.absolute(), queries=queries, gallery=gallery
    )
    replace_values(config, args.cfg_options or {})
    config.work_dir = str(Path('work_dirs') / f'evaluate_{Path(args.checkpoint).stem}')
    return config


def guess_labels(path: Path, rows: list[dict[str, str]], group: str | None) -> list[str]:
    """Return the column `label`, or the only one that can be meant.

    Raises:
        InputError: There are several, or none.
    """
    columns = [name for name in rows[0] if name not in ('path', 'split', group)]
    if 'label' in columns:
        return ['label']
    if len(columns) != 1:
        raise InputError(
            f'{path} has no column `label`: name those to predict by --labels; it has {columns}'
        )
    return columns


def main() -> None:
    """Evaluate, and write the report."""
    args = parse_args()
    config = read_config(args) if args.config else config_of_checkpoint(args)
    apply_common_options(config, args)
    make_report_card(
        config,
        args.checkpoint,
        protocols=args.protocols,
        labels=args.labels,
        group=args.group,
        random_seeds=args.random_seeds,
        search_duplicates=not args.no_duplicates,
    )


if __name__ == '__main__':
    run_command(main)
