"""The options by which tools evaluate features of checkpoints, and the configs they make."""

import argparse
import copy
from collections.abc import Callable, Sequence
from pathlib import Path

from mmengine.config import Config, DictAction

from vsslbox.apis.checkpoint_config import evaluation_config
from vsslbox.apis.command_line import add_common_options, apply_common_options, read_config
from vsslbox.config import replace_values
from vsslbox.errors import InputError
from vsslbox.preparation.folds import named_split
from vsslbox.preparation.text_files import only_csv, read_csv

__all__ = ['add_evaluation_options', 'check_evaluation_options', 'evaluation_configs']


def add_evaluation_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say on which videos, and how, features are evaluated."""
    parser.add_argument('--config', help='the config file of a protocol')
    parser.add_argument('--list', type=Path, help='the list of the videos')
    parser.add_argument(
        '--protocols',
        nargs='+',
        metavar='NAME',
        help='retrieval, knn, linear, svm, any other of docs/evaluation.md, or any that the config '
        'imports (default: all but those that take long)',
    )
    parser.add_argument(
        '--settings',
        nargs='+',
        action=DictAction,
        metavar='PROTOCOL.ARGUMENT=VALUE',
        help='arguments of the protocols, such as low_shot.draws=50 probes.columns=[speed,azimuth]',
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
    add_common_options(parser)


def check_evaluation_options(parser: argparse.ArgumentParser, args: argparse.Namespace) -> None:
    """End with a message if the options do not go together."""
    if args.config and args.list:
        parser.error('--list is for an evaluation without --config, which names its lists')
    if not (args.config or args.data_root):
        parser.error('give --data-root, the folder of the videos, or the --config of a protocol')
    if args.random_seeds < 0:
        parser.error('--random-seeds must not be negative')


def evaluation_configs(args: argparse.Namespace) -> Callable[[str], Config]:
    """Return the function that makes the config of the evaluation of a checkpoint.

    It reads the config or the list that the options name, and fills in ``args.labels`` if only one
    column can be meant.

    Raises:
        InputError: The config or the list is wrong, or leaves open what to predict.
    """
    if args.config:
        config = read_config(args)
        apply_common_options(config, args)
        return lambda checkpoint: copy.deepcopy(config)
    path = args.list or only_csv(Path(args.data_root))
    queries: Sequence[str] = ()
    gallery: Sequence[str] = ()
    if path.suffix.lower() != '.csv':
        args.labels = args.labels or ['label']
    else:
        rows = read_csv(path, 'path')
        if not rows:
            raise InputError(f'{path} has no rows below its header')
        args.labels = args.labels or _guess_labels(path, rows, args.group)
        if 'split' in rows[0]:
            values = [row['split'].strip() for row in rows]
            split = named_split(values, None)
            queries, gallery = (
                sorted({values[n] for n in part}) for part in (split.test, split.train)
            )

    def of_checkpoint(checkpoint: str) -> Config:
        config = evaluation_config(checkpoint, args.data_root, path.absolute(), queries, gallery)
        replace_values(config, args.cfg_options or {})
        config.work_dir = str(Path('work_dirs') / f'evaluate_{Path(checkpoint).stem}')
        apply_common_options(config, args)
        return config

    return of_checkpoint


def _guess_labels(path: Path, rows: list[dict[str, str]], group: str | None) -> list[str]:
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
