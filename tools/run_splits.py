"""Train and test a protocol on all splits of its lists, and average the metrics.

python tools/run_splits.py CONFIG [CHECKPOINT] [--splits 1 2 3] [--gpus 1] [--work-dir FOLDER] ...

The config names the lists of split 1, `..._split_1_...`, as those of UCF101 and HMDB51. The
checkpoint is what the model starts from, for example of a pretraining. A split that is done is not
repeated, one that was stopped goes on. The work directory gets `split_1`, `split_2`, ... and
`splits.json`.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import mean

from mmengine.config import Config

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.paper_tables import start_variables
from vsslbox.checkpoints import checkpoints_in
from vsslbox.config import find_config
from vsslbox.errors import InputError

TOOLS = Path(__file__).resolve().parent
FIRST = '_split_1_'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='the config of a training with lists of split 1')
    parser.add_argument('checkpoint', nargs='?', help="the start weights, instead of the config's")
    parser.add_argument('--splits', type=int, nargs='+', default=[1, 2, 3], metavar='N')
    parser.add_argument('--gpus', type=int, default=1, help='the number of processes')
    parser.add_argument('--work-dir', type=Path, help='the folder of all splits')
    parser.add_argument('--data-root', help="folder of the videos, instead of the config's")
    parser.add_argument('--seed', help='random seed')
    parser.add_argument('--cfg-options', nargs='+', default=[], help='replace values of the config')
    args = parser.parse_args()
    args.config = find_config(args.config)
    args.work_dir = args.work_dir or Path('work_dirs') / f'{Path(args.config).stem}_splits'
    return args


def lists_of(config: Config, split: int) -> list[str]:
    """Return the options that put the lists of a split into a config.

    Raises:
        InputError: The config lacks training or test, or a list of them is not that of split 1.
    """
    options = []
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        dataset = (config.get(loader) or {}).get('dataset', {})
        ann_file = dataset.get('ann_file') or ''
        if FIRST in ann_file:
            other = ann_file.replace(FIRST, f'_split_{split}_')
            options.append(f'{loader}.dataset.ann_file={other!r}')
        elif dataset or not loader.startswith('val'):
            raise InputError(
                f'{loader}.dataset.ann_file must name a list of split 1 (...{FIRST}...), got '
                f'{ann_file!r}'
            )
    return options


def start_environment(args: argparse.Namespace) -> dict[str, str]:
    """Return the variable that names the start weights to the config, with the checkpoint.

    Raises:
        InputError: The config reads no such variable, or several.
    """
    if args.checkpoint is None:
        return {}
    names = start_variables(Path(args.config))
    if len(names) != 1:
        raise InputError(
            f'{args.config} reads its start weights from {", ".join(names) or "no variable"}, not '
            'from exactly one: leave the checkpoint out and set the variables or the config'
        )
    if '://' not in args.checkpoint and not Path(args.checkpoint).is_file():
        raise FileNotFoundError(f'there is no checkpoint {args.checkpoint}')
    return {names[0]: args.checkpoint}


def claim(work_dir: Path, run: dict) -> None:
    """Note in the work directory what is run there.

    Raises:
        InputError: It holds the splits of another run.
    """
    note = work_dir / 'run.json'
    if note.is_file() and json.loads(note.read_text(encoding='utf-8')) != run:
        raise InputError(f'{work_dir} has splits of another run: give another --work-dir')
    work_dir.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(run, indent=2) + '\n', encoding='utf-8')


def call(tool: str, gpus: int, environment: dict[str, str], *words: object) -> None:
    """Run a tool in one or several processes; end with its status if it fails."""
    command = [sys.executable, str(TOOLS / f'{tool}.py'), *map(str, words)]
    if gpus > 1:
        config, *others = map(str, words)
        checkpoint = [others.pop(0)] if tool == 'test' else []
        command = ['bash', str(TOOLS / f'dist_{tool}.sh'), config, *checkpoint, str(gpus), *others]
    status = subprocess.run(command, env={**os.environ, **environment}).returncode
    if status:
        sys.exit(status)


def main() -> None:
    """Train and test each split."""
    args = parse_args()
    config = Config.fromfile(args.config)
    lists = {split: lists_of(config, split) for split in args.splits}
    environment = start_environment(args)
    start = args.checkpoint or {n: os.environ.get(n) for n in start_variables(Path(args.config))}
    given = [f'--seed={args.seed}'] if args.seed else []
    given += [f'--data-root={args.data_root}'] if args.data_root else []
    run = dict(config=Path(args.config).name, start=start, options=[*given, *args.cfg_options])
    claim(args.work_dir, run)
    results = {}
    for split, options in lists.items():
        folder = args.work_dir / f'split_{split}'
        metrics = folder / 'metrics.json'
        if not metrics.is_file():
            shared = ['--work-dir', folder, *given, '--cfg-options', *args.cfg_options, *options]
            call('train', args.gpus, environment, args.config, '--resume', *shared)
            weights = checkpoints_in(folder)[0]
            call('test', args.gpus, environment, args.config, weights, *shared)
        results[split] = json.loads(metrics.read_text(encoding='utf-8'))['metrics']
    names = list(next(iter(results.values())))
    means = {name: mean(result[name] for result in results.values()) for name in names}
    record = dict(splits=results, mean=means)
    (args.work_dir / 'splits.json').write_text(
        json.dumps(record, indent=2) + '\n', encoding='utf-8'
    )
    for name, value in means.items():
        each = ', '.join(f'{split}: {result[name]:.4f}' for split, result in results.items())
        print(f'{name}: {value:.4f} (mean of {len(results)} splits; {each})')


if __name__ == '__main__':
    run_command(main)
