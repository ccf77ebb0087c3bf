"""Measure how start-up, memory and checkpoints grow with the number of videos.

python tools/benchmark/startup.py [--videos 10000 100000 1000000] [--folder FOLDER] [--json FILE]

For each number, a process of its own reads a CSV list of so many videos with a label, finds their
files (empty ones, 1000 in a folder), and hashes the list; another one makes a memory bank with a
row for each video and writes a checkpoint of it. Figures are CPU seconds and the growth of the peak
of memory. The line through them, by least squares, tells what does not depend on the number and
what a million videos add.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from vsslbox.datasets import VideoDataset
from vsslbox.models.memories import FeatureBank

IN_A_FOLDER = 1000
CHANNELS = 128


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--videos', type=int, nargs='+', default=[10**4, 10**5, 10**6])
    parser.add_argument(
        '--folder', type=Path, help='folder for the files (default: a temporary one)'
    )
    parser.add_argument('--json', type=Path, help='file for the figures')
    parser.add_argument('--only', choices=MEASURES, help=argparse.SUPPRESS)
    return parser.parse_args()


def make_videos(folder: Path, number: int) -> None:
    """Create empty files and the list of them, as far as they are not there."""
    rows = ['path,label']
    for start in range(0, number, IN_A_FOLDER):
        place = f'{start // IN_A_FOLDER:06d}'
        (folder / place).mkdir(parents=True, exist_ok=True)
        for index in range(start, min(start + IN_A_FOLDER, number)):
            (folder / place / f'video_{index:08d}.mp4').touch()
            rows.append(f'{place}/video_{index:08d}.mp4,action_{index % 400}')
    (folder / f'{number}.csv').write_text('\n'.join(rows) + '\n')


def peak() -> int:
    """Return the most memory that this process has had, in bytes."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def read_list(folder: Path, number: int) -> dict[str, float]:
    """Read a list, find its files and hash it."""
    start, before = time.process_time(), peak()
    dataset = VideoDataset(f'{number}.csv', data_root=str(folder))
    read = time.process_time()
    dataset.list_hash()
    done = time.process_time()
    assert len(dataset) == number
    return dict(read_s=read - start, hash_s=done - read, memory_bytes=peak() - before)


def write_bank(folder: Path, number: int) -> dict[str, float]:
    """Make a bank and write it."""
    start, before = time.process_time(), peak()
    bank = FeatureBank(number, CHANNELS)
    made = time.process_time()
    path = folder / 'bank.pth'
    torch.save(bank.state_dict(), path)
    done = time.process_time()
    size = path.stat().st_size
    path.unlink()
    seconds = dict(make_s=made - start, write_s=done - made)
    return dict(**seconds, memory_bytes=peak() - before, file_bytes=size)


MEASURES: dict[str, Callable] = {'list': read_list, 'bank': write_bank}


def measure(folder: Path, number: int) -> dict[str, dict[str, float]]:
    """Return what each process of its own has measured."""
    figures = {}
    for name in MEASURES:
        options = ['--videos', str(number), '--folder', str(folder), '--only', name]
        command = [sys.executable, '-W', 'ignore', __file__, *options]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        figures[name] = json.loads(out.splitlines()[-1])
    return figures


def line_through(numbers: list[int], values: list[float]) -> dict[str, float]:
    """Return the line through values: what is constant, and what a million videos add."""
    slope, constant = np.polyfit(np.array(numbers) / 1e6, values, 1)
    return dict(constant=constant, per_million=slope)


def main() -> None:
    """Measure."""
    args = parse_args()
    if args.only:
        print(json.dumps(MEASURES[args.only](args.folder, args.videos[0])))
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        figures = {}
        for number in args.videos:
            make_videos(Path(folder), number)
            figures[number] = measure(Path(folder), number)
            print(number, json.dumps(figures[number]), flush=True)
    several = len(set(args.videos)) > 1
    lines = {
        f'{name}.{key}': line_through(args.videos, [figures[n][name][key] for n in args.videos])
        for name in MEASURES
        for key in figures[args.videos[0]][name]
        if several
    }
    for name, line in lines.items():
        print(f'{name:>20}  {line["constant"]:14.4g} + {line["per_million"]:14.4g} a million')
    if args.json:
        args.json.write_text(json.dumps(dict(figures=figures, lines=lines), indent=1) + '\n')


if __name__ == '__main__':
    main()
