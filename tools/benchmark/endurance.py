"""Train for a set time, and measure whether memory and open files stay flat.

python tools/benchmark/endurance.py CONFIG --data-root FOLDER [--minutes 60] [--json FILE]

The training is an ordinary `tools/train.py`, ended by SIGTERM. Every few seconds the memory and the
descriptors of the process and its workers are added up (memory that processes share counts once).
What the process holds between two steps is measured beside it: on CPUs the allocator keeps freed
activations, and how much of them is resident goes up and down by hundreds of MiB. The figures are a
straight line through what follows the first `--settle` minutes: its slope in MiB and in descriptors
an hour, with the interval in which 95 % of the slopes lie when whole minutes are drawn again.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from mmengine.config import Config

from vsslbox.apis.command_line import run_command, tool_parser

HERE = Path(__file__).resolve().parent
TRAIN = HERE.parent / 'train.py'
MIB = 2**20


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', type=Path, help='a config for pretraining')
    parser.add_argument('--data-root', type=Path, required=True, help='the videos')
    parser.add_argument('--minutes', type=float, default=60)
    parser.add_argument('--settle', type=float, default=10, help='minutes left out at the start')
    parser.add_argument('--seconds', type=float, default=10, help='between two measurements')
    parser.add_argument('--json', type=Path, help='write all figures to this file')
    parser.add_argument('--cfg-options', nargs='*', default=[], metavar='KEY=VALUE')
    args = parser.parse_args()
    if args.minutes < args.settle + 2:
        parser.error(f'--minutes {args.minutes:g} leaves no time after --settle {args.settle:g}')
    return args


def measure(process: psutil.Process) -> tuple[int, int, int] | None:
    """Return the bytes, descriptors and number of a process and its children, if all still run."""
    try:
        family = [process, *process.children(recursive=True)]
        return (
            sum(member.memory_full_info().pss for member in family),
            sum(member.num_fds() for member in family),
            len(family),
        )
    except psutil.Error:
        return None


def watch(command: list[str], held: Path, args: argparse.Namespace) -> list[dict[str, float]]:
    """Run a training, which writes what it holds, and return what was measured in the set time.

    Raises:
        SystemExit: If the training ends by itself.
    """
    rows, started = [], time.monotonic()
    with tempfile.TemporaryFile('w+') as log:
        training = subprocess.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ | dict(PYTHONPATH=os.pathsep.join([str(HERE), *sys.path])),
        )
        try:
            family = psutil.Process(training.pid)
            while (minutes := (time.monotonic() - started) / 60) < args.minutes:
                if training.poll() is not None:
                    log.seek(0)
                    sys.exit(f'{log.read()[-2000:]}\nthe training ended at {minutes:.1f} minutes')
                told = held.read_text() if held.exists() else ''  # '' before the first step
                if told and (measured := measure(family)):
                    names = ('bytes', 'descriptors', 'processes')
                    row = dict(zip(names, measured), held=int(told))
                    rows.append(dict(minutes=minutes, **row))
                time.sleep(args.seconds)
        finally:
            training.send_signal(signal.SIGTERM)
            try:
                training.wait(300)
            except subprocess.TimeoutExpired:
                training.kill()
    return rows


def slope_per_hour(minutes: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """Fit a line; return its slope an hour and the interval from 2000 draws of whole minutes."""
    rng = np.random.default_rng(0)
    blocks = [np.flatnonzero(minutes.astype(int) == m) for m in np.unique(minutes.astype(int))]

    def fit(rows: np.ndarray) -> float:
        return 60 * np.polyfit(minutes[rows], values[rows], 1)[0]

    draws = rng.integers(len(blocks), size=(2000, len(blocks)))
    slopes = [fit(np.concatenate([blocks[i] for i in draw])) for draw in draws]
    low, high = np.percentile(slopes, [2.5, 97.5])
    return dict(slope=fit(np.arange(len(values))), low=low, high=high)


def last_iteration(work_dir: Path) -> int:
    """Return the last iteration in a training's log."""
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    return json.loads(log.read_text(encoding='utf-8').splitlines()[-1])['step']


def main() -> None:
    """Measure one config."""
    args = parse_args()
    with tempfile.TemporaryDirectory() as work_dir:
        command = [sys.executable, str(TRAIN), str(args.config), '--data-root', str(args.data_root)]
        held = Path(work_dir) / 'held'
        imports = Config.fromfile(args.config).get('custom_imports', {}).get('imports', [])
        options = [
            'train_cfg.max_epochs=100000',
            f'custom_imports.imports={[*imports, "held_memory"]}',
            'default_hooks.held.type=HeldMemoryHook',
            f'default_hooks.held.path={held}',
            *args.cfg_options,
        ]
        rows = watch([*command, '--work-dir', work_dir, '--cfg-options', *options], held, args)
        iterations = last_iteration(Path(work_dir))
    minutes = np.array([row['minutes'] for row in rows])
    settled = minutes >= args.settle
    result = dict(config=args.config.stem, minutes=args.minutes, iterations=iterations)
    for name, unit in (('bytes', MIB), ('held', MIB), ('descriptors', 1)):
        values = np.array([row[name] for row in rows]) / unit
        line = slope_per_hour(minutes[settled], values[settled])
        result[name] = dict(
            unit='MiB' if unit == MIB else 'files',
            first=float(values[settled][0]),
            last=float(values[-1]),
            largest=float(values[settled].max()),
            **line,
        )
        print(
            f'{args.config.stem}: {name} {line["slope"]:+.2f} {result[name]["unit"]} an hour '
            f'[{line["low"]:+.2f}, {line["high"]:+.2f}], median {np.median(values[settled]):.0f}'
        )
    if args.json:
        args.json.write_text(json.dumps(dict(**result, rows=rows), indent=2))


if __name__ == '__main__':
    run_command(main)
