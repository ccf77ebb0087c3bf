"""Train a config with every combination of some values, one after the other.

python tools/sweep.py CONFIG KEY=V1,V2 [KEY=V1,V2 ...] [--work-dir FOLDER] [--data-root FOLDER] ...

KEY is the place of a value in the config, such as optim_wrapper.optimizer.lr. Each combination is
trained in a folder of its own in the work directory. The same command again skips combinations that
are finished and resumes one that was stopped; it may also have more values. In the end, a table
gives the last losses and metrics of each; it is written to sweep.csv in the work directory. Further
options, such as --seed or --amp, are those of tools/train.py.
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
from urllib.parse import quote

from vsslbox.apis.command_line import add_config_options, read_config, run_command, tool_parser
from vsslbox.config import check_config
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_json, write_csv, write_text
from vsslbox.preparation.video_jobs import check_settings

TRAIN = Path(__file__).with_name('train.py')
RESULT = 'sweep_result.json'  # in the folder of a combination that is finished
TABLE = 'sweep.csv'
TIMES = {'data_time', 'time', 'step'}  # logged beside the metrics of a validation


def parse_args() -> tuple[argparse.Namespace, list[str]]:
    """Read the command line, and return the options for training apart."""
    parser = tool_parser(__doc__, allow_abbrev=False)
    parser.add_argument('config', help='the config file')
    parser.add_argument('values', metavar='KEY=V1,V2', nargs='+', help='the values of a key')
    parser.add_argument('--data-root', help="folder of the videos, instead of the config's")
    parser.add_argument('--work-dir', type=Path, help='folder for all combinations')
    args, others = parser.parse_known_args()
    for option in others:
        if option.startswith(('--resume', '--launcher')):
            parser.error(f'{option} has no place in a sweep, which starts and resumes trainings')
    return args, others


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


def options_of(values: dict[str, str], others: Sequence[str] = ()) -> list[str]:
    """Return the options of ``tools/train.py`` for a combination."""
    return [*others, '--cfg-options', *(f'{key}={value}' for key, value in values.items())]


def check(args: argparse.Namespace, values: dict[str, str]) -> str:
    """Check the config of a combination, and return its text.

    Raises:
        InputError: The config has no training, or a value does not fit it.
    """
    parser = argparse.ArgumentParser()
    add_config_options(parser)
    parsed = parser.parse_args(options_of(values) if values else [])
    config = read_config(
        argparse.Namespace(
            config=args.config, data_root=args.data_root, cfg_options=parsed.cfg_options
        )
    )
    if config.get('train_cfg') is None:
        raise InputError(f'{args.config} has no train_cfg: give a config for training')
    check_config(config)
    return config.pretty_text


def train(command: list[str]) -> int:
    """Train, and return the exit status. A training that is stopped saves a checkpoint first."""
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
    """Return the last losses and the last metrics of a validation in the logs of a training."""
    found: dict[str, float] = {}
    for log in sorted(folder.glob('*/vis_data/scalars.json')):
        for line in log.read_text().splitlines():
            values = json.loads(line)
            if 'iter' in values:
                values = {name: v for name, v in values.items() if 'loss' in name}
            found.update((name, v) for name, v in values.items() if name not in TIMES)
    return found


def run(args: argparse.Namespace, folder: Path, options: list[str]) -> dict[str, float] | None:
    """Train a combination unless it is finished; return its metrics, or None if it failed."""
    result = folder / RESULT
    if not result.exists():
        command = [sys.executable, str(TRAIN), args.config, '--work-dir', str(folder), '--resume']
        if args.data_root is not None:
            command += ['--data-root', args.data_root]
        print(f'\n=== {folder.name}', flush=True)
        if train([*command, *options]) != 0:
            return None
        write_text(result, [json.dumps(last_metrics(folder), indent=2)])
    return read_json(result)


def report(path: Path, rows: list[tuple[dict[str, str], dict[str, float] | None]]) -> None:
    """Print the table and write it."""
    names = dict.fromkeys(name for _, metrics in rows for name in metrics or {})
    table = [[*rows[0][0], *names]]
    for values, metrics in rows:
        cells = ['failed'] * len(names) if metrics is None else map(metrics.get, names)
        table.append([*values.values(), *('' if cell is None else cell for cell in cells)])
    write_csv(path, table)
    texts = [[f'{cell:.4g}' if isinstance(cell, float) else str(cell) for cell in r] for r in table]
    widths = [max(map(len, column)) for column in zip(*texts)]
    print()
    for row in texts:
        print('  '.join(f'{text:>{width}}' for text, width in zip(row, widths)))
    print(f'written to {path}')


def main() -> None:
    """Check all combinations, train them, and report."""
    args, others = parse_args()
    grid = parse_grid(args.values)
    combinations = [dict(zip(grid, values)) for values in product(*grid.values())]
    text = check(args, {})
    for values in combinations:
        check(args, values)
    work_dir = args.work_dir or Path('work_dirs', f'{Path(args.config).stem}_sweep')
    digest = hashlib.sha256(text.encode()).hexdigest()
    settings = dict(config=args.config, config_sha256=digest, options=others)
    check_settings(work_dir, 'sweep', settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    rows = []
    for values in combinations:
        folder = work_dir / folder_name(values)
        rows.append((values, run(args, folder, options_of(values, others))))
    report(work_dir / TABLE, rows)
    failed = sum(metrics is None for _, metrics in rows)
    if failed:
        raise InputError(f'{failed} of {len(rows)} trainings failed; the same command resumes them')


if __name__ == '__main__':
    run_command(main)
