"""Fine-tune a pretrained backbone on labelled videos, and measure it on held-out ones.

python tools/finetune.py CHECKPOINT --data-root FOLDER --labels action [--list labels.csv] ...

The list is a CSV with the columns `path` and the one of the labels; without `--list` it is the only
CSV of the folder. A column `split` (train, val or test) says what tests; without it, a fifth of the
videos does. `--folds 5 --group subject` trains five times and tests every video once, no subject
being in both; `--repeats 3` does so with three divisions. The best epoch is chosen by the videos
`val`, or by a fifth of those that train: those that test have no part in it. `--random-init` shows
what the same training makes of no pretraining. The work directory gets `config.py` for each fold,
to go on by hand with tools/train.py, the best checkpoints, `predictions.csv`, `confusion.csv` and
`report.json`. A command that was stopped goes on where it ended.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.config import Config
from sklearn.metrics import classification_report

from vsslbox.apis import VideoClassifier
from vsslbox.apis.command_line import environment_of_training, run_command, tool_parser
from vsslbox.apis.finetune_config import KINDS, finetune_config
from vsslbox.datasets.list_values import as_integers, tell_near_values
from vsslbox.datasets.named_files import NamedFiles
from vsslbox.errors import InputError
from vsslbox.evaluation.functional import group_bootstrap_interval, wilson_interval
from vsslbox.preparation.folds import Division, Fold, divide, group_folds, named_split
from vsslbox.preparation.text_files import only_csv, read_csv, read_json, write_csv, write_text
from vsslbox.visualization import confusion_matrix

TRAIN = Path(__file__).resolve().parent / 'train.py'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('checkpoint', help='a pretraining by vsslbox: a file, or zoo://NAME')
    parser.add_argument('--data-root', type=Path, required=True, help='folder of the videos')
    parser.add_argument('--list', type=Path, help='CSV with the columns path and LABELS')
    parser.add_argument('--labels', required=True, help='the column of the classes')
    parser.add_argument('--model', choices=KINDS, help='the backbone decides if not set')
    parser.add_argument('--folds', type=int, help='train so many times, test every video once')
    parser.add_argument('--repeats', type=int, default=1, help='other divisions into folds')
    parser.add_argument('--group', help='a column; its groups are never divided')
    parser.add_argument(
        '--random-init', action='store_true', help='start from no weights, to compare with'
    )
    parser.add_argument('--epochs', type=int, default=30)
    parser.add_argument('--patience', type=int, help='stop after so many epochs without gain')
    parser.add_argument('--lr', type=float, default=3e-4)
    parser.add_argument('--batch-size', type=int, default=8)
    parser.add_argument('--flip', action='store_true', help='mirror half of the training clips')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/finetune'))
    args = parser.parse_args()
    if args.repeats > 1 and not args.folds:
        parser.error('--repeats needs --folds')
    return args


class Labelled(NamedTuple):
    """Labelled videos: paths below the data root, classes, groups and splits (None: no column)."""

    paths: list[str]
    labels: list[str]
    groups: list[str] | None
    splits: list[str] | None


def read_labelled(args: argparse.Namespace) -> Labelled:
    """Read the list of labelled videos.

    Raises:
        FileNotFoundError: There is no such list or video.
        InputError: There is no such column, only one class, a video twice, or one without a group.
    """
    path = args.list or only_csv(args.data_root)
    wanted = ['path', args.labels, *([args.group] if args.group else [])]
    rows = [row for row in read_csv(path, *wanted) if row[args.labels].strip()]
    labels = [row[args.labels].strip() for row in rows]
    if len(set(labels)) < 2:
        raise InputError(f'{path} has {len(set(labels))} classes in the column {args.labels!r}')
    tell_near_values(labels, f'labels in {path}')
    groups = [row[args.group].strip() for row in rows] if args.group else None
    if groups is not None and '' in groups:
        raise InputError(
            f'{path} has {groups.count("")} rows without a value of {args.group!r}: fill it in'
        )
    splits = [row['split'] for row in rows] if 'split' in rows[0] else None
    return Labelled(find_videos(path, rows, args.data_root), labels, groups, splits)


def find_videos(path: Path, rows: list[dict[str, str]], folder: Path) -> list[str]:
    """Return the paths of a list's videos below a folder, each of another file."""
    names = NamedFiles(str(folder), 'a file', str(path)).find([row['path'] for row in rows])
    first: dict[str, int] = {}
    for number, name in enumerate(names):
        known = first.setdefault(os.path.realpath(folder / name), number)
        if known != number:
            raise InputError(
                f'{path} names {names[known]} again, as {name}, so that it could train and test: '
                'keep one row'
            )
    return names


def choose_divisions(videos: Labelled, args: argparse.Namespace) -> list[Division]:
    """Return what trains, what chooses the best epoch and what tests, for each training."""
    by_name = None if args.folds else videos.splits
    return [
        divide(fold, videos.labels, videos.groups, by_name, args.seed)
        for fold in choose_folds(videos, args)
    ]


def choose_folds(videos: Labelled, args: argparse.Namespace) -> list[Fold]:
    """Return what trains and tests: all folds, the list's split, or one fold of five."""
    if args.folds is None and videos.splits is not None:
        return [named_split(videos.splits, videos.groups)]
    seeds = range(args.seed, args.seed + args.repeats)
    folds = [
        fold
        for seed in seeds
        for fold in group_folds(videos.labels, videos.groups, args.folds or 5, seed)
    ]
    return folds if args.folds else folds[:1]


def train_fold(folder: Path, videos: Labelled, fold: Division, args: argparse.Namespace) -> Path:
    """Write the lists and the config of a fold, train it, and return the best checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, numbers in fold._asdict().items():
        rows = [(videos.paths[n], videos.labels[n]) for n in numbers]
        write_csv(folder / f'{name}.csv', [('path', args.labels), *rows])
    config = finetune_config(
        args.checkpoint,
        len(set(videos.labels)),
        kind=args.model,
        epochs=args.epochs,
        lr=args.lr,
        batch_size=min(args.batch_size, len(fold.train)),
        flip=args.flip,
    )
    if args.random_init:
        del config.model.backbone['init_cfg']
    _use_lists(config, folder.absolute(), class_names(videos.labels), args)
    config.dump(folder / 'config.py')
    command = [sys.executable, TRAIN, folder / 'config.py', '--work-dir', folder, '--resume']
    status = subprocess.run(map(str, command), env=environment_of_training()).returncode
    if status:
        sys.exit(status)
    (best,) = folder.glob('best_acc_top1_*.pth')
    return best


def class_names(labels: list[str]) -> list[str] | None:
    """Return the names of classes that are integers but not their own numbers, such as 1 to 5."""
    found = sorted(as_integers(sorted(set(labels))))
    is_numbered = not isinstance(found[0], int) or found == list(range(len(found)))
    return None if is_numbered else [str(number) for number in found]


def _use_lists(
    config: Config, folder: Path, classes: list[str] | None, args: argparse.Namespace
) -> None:
    for name in ('train', 'val', 'test'):
        config[f'{name}_dataloader'].dataset.update(
            data_root=str(args.data_root.absolute()),
            ann_file=str(folder / f'{name}.csv'),
            label=args.labels,
        )
        if classes is not None:
            config[f'{name}_dataloader'].dataset.metainfo = dict(classes=classes)
    config.randomness = dict(seed=args.seed)
    if args.patience:
        hooks = config.get('custom_hooks', [])
        stop = dict(type='EarlyStoppingHook', monitor='acc/top1', patience=args.patience)
        config.custom_hooks = [*hooks, dict(stop, rule='greater', min_delta=0)]


def predict_fold(
    folder: Path, videos: Labelled, fold: Division, args: argparse.Namespace
) -> dict[int, str]:
    """Return the predicted class of each video that a fold tests; train it first if necessary."""
    done = folder / 'tested.csv'
    if not done.is_file():
        best = train_fold(folder, videos, fold, args)
        paths = [args.data_root / videos.paths[number] for number in fold.test]
        predicted = VideoClassifier(best, num_workers=2)(paths, batch_size=args.batch_size)
        rows = [
            (number, prediction['class'], f'{prediction["score"]:.6f}')
            for number, prediction in zip(fold.test, predicted['predictions'], strict=True)
        ]
        write_csv(done, [('row', 'class', 'score'), *rows])
    return {int(row['row']): row['class'] for row in read_csv(done, 'row', 'class')}


def accuracy_interval(
    videos: Labelled, tested: list[int], right: list[bool]
) -> tuple[float, float]:
    """Return the 95 % interval of the accuracy of tests; a video may be tested several times."""
    if videos.groups is None and len(set(tested)) == len(tested):
        return wilson_interval(sum(right), len(right))
    # The tests of one video depend on each other, as do the videos of one group.
    return group_bootstrap_interval(right, [(videos.groups or videos.paths)[n] for n in tested])


def report(
    videos: Labelled,
    folds: list[Division],
    predicted: list[dict[int, str]],
    args: argparse.Namespace,
) -> None:
    """Print and write the accuracy with its interval, the classes and the confusions."""
    tests = sorted((number, name) for by_number in predicted for number, name in by_number.items())
    tested, names = [number for number, _ in tests], [name for _, name in tests]
    truth = [videos.labels[number] for number in tested]
    right = [name == label for name, label in zip(names, truth)]
    low, high = accuracy_interval(videos, tested, right)
    result = dict(
        accuracy=_percent(right),
        interval_95=[100 * low, 100 * high],
        videos=len(set(tested)),
        largest_class=100 * max(Counter(truth).values()) / len(truth),
        folds=[
            _percent(by_number[n] == videos.labels[n] for n in fold.test)
            for fold, by_number in zip(folds, predicted, strict=True)
        ],
        classes=classification_report(truth, names, output_dict=True, zero_division=0),
    )
    write_text(args.work_dir / 'report.json', [json.dumps(result, indent=2)])
    write_csv(
        args.work_dir / 'predictions.csv',
        [('name', 'truth', 'class')]
        + [(videos.paths[number], videos.labels[number], name) for number, name in tests],
    )
    classes, matrix = confusion_matrix(truth, names)
    write_csv(
        args.work_dir / 'confusion.csv',
        [('true \\ predicted', *classes), *((name, *row) for name, row in zip(classes, matrix))],
    )
    print(classification_report(truth, names, zero_division=0))
    print(
        f'accuracy {result["accuracy"]:.1f} (95 % interval {100 * low:.1f} to {100 * high:.1f}, '
        f'{result["videos"]} videos; always the largest class: {result["largest_class"]:.1f})'
    )
    if len(folds) > 1:
        print('folds: ' + ', '.join(f'{accuracy:.1f}' for accuracy in result['folds']))
    print(f'report: {args.work_dir / "report.json"}')


def _percent(right: Iterable[bool]) -> float:
    return 100 * float(np.mean(list(right)))


def keep_settings(args: argparse.Namespace) -> None:
    """Write the settings to the work directory.

    Raises:
        InputError: It has results of other settings.
    """
    settings = {name: str(value) for name, value in vars(args).items() if name != 'work_dir'}
    path = args.work_dir / 'settings.json'
    if path.is_file() and (before := read_json(path)) != settings:
        differ = sorted(name for name in settings if settings[name] != before.get(name))
        raise InputError(
            f'{args.work_dir} has results with other values of {", ".join(differ)}: remove it, or '
            'give another --work-dir'
        )
    write_text(path, [json.dumps(settings, indent=2)])


def main() -> None:
    """Fine-tune and measure."""
    args = parse_args()
    videos = read_labelled(args)
    keep_settings(args)
    folds = choose_divisions(videos, args)
    predicted = []
    for number, fold in enumerate(folds):
        folder = args.work_dir / f'fold{number}' if len(folds) > 1 else args.work_dir
        sizes = f'{len(fold.train)} videos train, {len(fold.val)} choose the epoch'
        print(f'\n=== {sizes}, {len(fold.test)} test: {folder}', flush=True)
        predicted.append(predict_fold(folder, videos, fold, args))
    report(videos, folds, predicted, args)


if __name__ == '__main__':
    run_command(main)
