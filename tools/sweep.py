"""Train configs, each with every combination of some values and seeds, one after the other.

python tools/sweep.py CONFIG [CONFIG ...] [KEY=V1,V2 ...] [--seeds 0,1,2] [--labels action] ...

KEY is the place of a value in the config, such as optim_wrapper.optimizer.lr. Each combination is
trained in a folder of its own in the work directory. The same command again skips combinations that
are finished and resumes one that was stopped; it may also have more configs, values or seeds. With
`--labels`, the features of each checkpoint are evaluated as tools/evaluate.py does, beside random
starts. In the end, a table gives the last losses and metrics of each; over several seeds it gives
the mean and its 95 % interval. It is written to sweep.csv in the work directory. Further options,
such as --epochs or --amp, are those of tools/train.py.
"""

import argparse
import hashlib
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from vsslbox.apis.command_line import add_config_options, read_config, run_command, tool_parser
from vsslbox.apis.sweep_table import Trials, table_of, text_table
from vsslbox.checkpoints.progress import checkpoints_in
from vsslbox.config import check_config
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_json, write_csv, write_text
from vsslbox.preparation.video_jobs import check_settings
from vsslbox.visualization.training_log import read_training_log

TRAIN, EVALUATE = (Path(__file__).with_name(name) for name in ('train.py', 'evaluate.py'))
RESULT = 'sweep_result.json'  # in the folder of a combination that is finished
TABLE = 'sweep.csv'
TIMES = {'data_time', 'time'}  # logged beside the metrics of a validation


def parse_args() -> tuple[argparse.Namespace, list[str]]:
    """Read the command line, and return the options for training apart."""
    parser = tool_parser(__doc__, allow_abbrev=False)
    parser.add_argument('what', metavar='CONFIG|KEY=V1,V2', nargs='+', help='configs and values')
    parser.add_argument(
        '--seeds', default='', metavar='S1,S2', help='the seeds of each combination'
    )
    parser.add_argument('--data-root', help="folder of the videos, instead of the config's")
    parser.add_argument('--work-dir', type=Path, help='folder for all combinations')
    evaluation = parser.add_argument_group('evaluation of each checkpoint, as by tools/evaluate.py')
    evaluation.add_argument('--labels', nargs='+', help='columns to predict')
    evaluation.add_argument('--protocols', nargs='+', metavar='NAME', help='default: all')
    evaluation.add_argument('--group', help='a column whose values do not find themselves')
    evaluation.add_argument('--list', help='the labelled videos, if not the only CSV of the folder')
    evaluation.add_argument('--labelled-root', help='their folder, if not --data-root')
    evaluation.add_argument('--random-seeds', default='3', metavar='N', help='random starts')
    args, others = parser.parse_known_args()
    args.configs = [text for text in args.what if '=' not in text]
    args.values = [text for text in args.what if '=' in text]
    if not args.configs:
        parser.error('name a config')
    args.seeds = [seed.strip() for seed in args.seeds.split(',') if seed.strip()]
    if not all(seed.isdecimal() for seed in args.seeds) or len(set(args.seeds)) < len(args.seeds):
        parser.error('--seeds must be different integers, such as 0,1,2')
    refused = ['--resume', '--launcher', *(['--seed'] if args.seeds else [])]
    for option in others:
        if option.split('=')[0] in refused:
            parser.error(f'{option} has no place in a sweep, which starts and resumes trainings')
    if args.labels and not (args.labelled_root or args.data_root):
        parser.error('--labels needs the folder of the labelled videos, --labelled-root')
    return args, others


class Trial(NamedTuple):
    """One training of a sweep: a config, values by their keys, and a seed ('' for the config's)."""

    config: str
    values: dict[str, str]
    seed: str

    @property
    def folder(self) -> Path:
        """Its folder below the work directory, such as ``CONFIG/lr=0.1,weight_decay=0/seed1``."""
        parts = [Path(self.config).stem, folder_name(self.values), self.seed and f'seed{self.seed}']
        return Path(*filter(None, parts))

    def options(self, others: Sequence[str] = ()) -> list[str]:
        """Return its options of ``tools/train.py``."""
        seed = ['--seed', self.seed] if self.seed else []
        values = [f'{key}={value}' for key, value in self.values.items()]
        return [*others, *seed, *(['--cfg-options', *values] if values else [])]


def parse_grid(arguments: Iterable[str]) -> dict[str, list[str]]:
    """Return the values of each key, as they are spelt.

    Raises:
        InputError: An argument has no key or no value, or a key or value occurs twice.
    """
    grid: dict[str, list[str]] = {}
    for argument in arguments:
        key, equals, text = argument.partition('=')
        # Commas within brackets belong to a value.
        values = [value.strip() for value in re.split(r',(?![^[(]*[])])', text)]
        if not (key and equals and all(values)):
            raise InputError(f'{argument!r} is not KEY=V1,V2, such as optimizer.lr=0.1,0.01')
        if key in grid or len(set(values)) < len(values):
            raise InputError(f'{argument!r} repeats a key or a value')
        grid[key] = values
    return grid


def folder_name(values: dict[str, str]) -> str:
    """Return the name of a combination's folder, such as ``lr=0.1,weight_decay=0``."""
    ends = [key.rpartition('.')[2] for key in values]
    names = ends if len(set(ends)) == len(ends) else list(values)
    text = ','.join(f'{name}={value}' for name, value in zip(names, values.values()))
    return quote(text, safe='=,.+[]() ')


def check(args: argparse.Namespace, trial: Trial) -> str:
    """Check the config of a training, and return its text.

    Raises:
        InputError: The config has no training, or a value does not fit it.
    """
    parser = argparse.ArgumentParser()
    add_config_options(parser)
    parsed = parser.parse_args(trial._replace(seed='').options())
    config = read_config(
        argparse.Namespace(
            config=trial.config, data_root=args.data_root, cfg_options=parsed.cfg_options
        )
    )
    if config.get('train_cfg') is None:
        raise InputError(f'{trial.config} has no train_cfg: give a config for training')
    check_config(config)
    return config.pretty_text


def check_all(args: argparse.Namespace, trials: Sequence[Trial], others: Sequence[str]) -> Path:
    """Check all trainings, and return the work directory.

    Raises:
        InputError: A config or a value is wrong, or a folder has results of other settings.
    """
    stems = {Path(config).stem for config in args.configs}
    if len(stems) < len(args.configs):
        raise InputError('two configs have the same name, which names their folders')
    texts = {config: check(args, Trial(config, {}, '')) for config in args.configs}
    for trial in trials:
        check(args, trial)
    name = f'{stems.pop()}_sweep' if len(stems) == 1 else 'sweep'
    work_dir = args.work_dir or Path('work_dirs', name)
    for config, text in texts.items():
        digest = hashlib.sha256(text.encode()).hexdigest()
        settings = dict(config=config, config_sha256=digest, options=list(others))
        check_settings(work_dir / Path(config).stem, 'sweep', settings)
    return work_dir


def train(command: list[str]) -> int:
    """Run a command, and return the exit status. A stopped training saves a checkpoint first."""
    process = subprocess.Popen(command)
    try:
        return process.wait()
    except KeyboardInterrupt:  # which the training gets, too
        process.wait()
        raise
    except SystemExit:
        process.terminate()
        process.wait()
        raise


def last_metrics(folder: Path) -> dict[str, float]:
    """Return the last losses and the last metrics of a validation in the log of a training."""
    log = read_training_log(folder)
    losses = {name: curve for name, curve in log.training.items() if 'loss' in name}
    metrics = {name: curve for name, curve in log.validation.items() if name not in TIMES}
    return {name: curve[-1][1] for name, curve in {**losses, **metrics}.items()}


def evaluate(args: argparse.Namespace, folder: Path, random_seeds: str) -> dict | None:
    """Evaluate the last checkpoint of a training; return its metrics and those of random starts."""
    command = [EVALUATE, checkpoints_in(folder)[0], '--work-dir', folder / 'evaluation']
    command += ['--data-root', args.labelled_root or args.data_root, '--no-duplicates']
    command += ['--random-seeds', random_seeds, '--labels', *args.labels]
    for name in ('group', 'list'):
        if value := getattr(args, name):
            command += [f'--{name}', value]
    if args.protocols:
        command += ['--protocols', *args.protocols]
    if train([sys.executable, *map(str, command)]) != 0:
        return None
    runs = read_json(folder / 'evaluation' / 'report.json')['runs']
    starts = [run['metrics'] for name, run in runs.items() if name.startswith('random')]
    return dict(metrics=runs['checkpoint']['metrics'], random=starts)


def run(args: argparse.Namespace, work_dir: Path, trial: Trial, options: list[str]) -> dict | None:
    """Train a combination unless it is finished, and evaluate it; None if that failed."""
    folder = work_dir / trial.folder
    path = folder / RESULT
    result = read_json(path) if path.exists() else {}
    if not result:
        command = [sys.executable, str(TRAIN), trial.config, '--work-dir', str(folder), '--resume']
        if args.data_root is not None:
            command += ['--data-root', args.data_root]
        print(f'\n=== {trial.folder}', flush=True)
        if train([*command, *options]) != 0:
            return None
        result = dict(training=last_metrics(folder))
        write_text(path, [json.dumps(result, indent=2)])
    if args.labels and 'evaluation' not in result:
        # Random starts do not depend on the seed of training.
        first = not args.seeds or trial.seed == args.seeds[0]
        result['evaluation'] = evaluate(args, folder, args.random_seeds if first else '0')
        if result['evaluation'] is None:
            return None
        write_text(path, [json.dumps(result, indent=2)])
    return result


def main() -> None:
    """Check all combinations, train them, and report."""
    args, others = parse_args()
    grid = parse_grid(args.values)
    combinations = [
        (config, dict(zip(grid, values)))
        for config in args.configs
        for values in product(*grid.values())
    ]
    seeds = args.seeds or ['']
    trials = [Trial(config, values, seed) for config, values in combinations for seed in seeds]
    work_dir = check_all(args, trials, others)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    rows, failed = [], 0
    for config, values in combinations:
        results = []
        for seed in seeds:
            trial = Trial(config, values, seed)
            results.append(run(args, work_dir, trial, trial.options(others)))
        failed += sum(result is None for result in results)
        name = dict(config=Path(config).stem) if len(args.configs) > 1 else {}
        rows.append((name | values, Trials.of(results)))
    write_csv(work_dir / TABLE, table_of(rows))
    print('\n' + text_table(rows))
    print(f'written to {work_dir / TABLE}')
    if failed:
        raise InputError(
            f'{failed} of {len(trials)} trainings failed; the same command resumes them'
        )


if __name__ == '__main__':
    run_command(main)
