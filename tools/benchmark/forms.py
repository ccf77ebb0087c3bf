"""Measure what storing videos in other forms gains in loading, and what it takes on the disk.

python tools/benchmark/forms.py VIDEOS [--short-sides 256 128] [--methods CVRL] [--json FILE]

VIDEOS is a folder of original files, such as those of make_clips.py with `--gop 250`. The tools of
tools/data make of them, for each short side: H.264 files with a key frame every 32 frames, zips of
JPEGs, and decoded frames. Each method's data loader then reads every form, in turns with mmaction2
1.1.0 on the originals, which does the same work; ratios are medians of those of each round. Where a
method leaves its colours to the model's device, so do its workers here; `--colours worker` lets
them and the peer's do the same work.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import torch
from loader import (
    medians,
    on_videos,
    our_loader,
    pipelines_of,
    run_once,
    stock_dataset,
    stock_loader,
)
from machine import describe_machine
from mmengine.config import Config
from mmengine.registry import DefaultScope

from vsslbox.engine.worker import keep_freed_memory
from vsslbox.registry import DATASETS

REPO = Path(__file__).parents[2]
DATA = REPO / 'configs' / '_base_' / 'datasets'
METHODS = {name: f'{name.lower()}_pretrain.py' for name in ('CVRL', 'VCLR', 'VDIM', 'VIE')}
PEER = 'mmaction2 on the originals'
ORIGINALS = 'originals'
# The tool that makes a form with its options, and the reader of the files.
FORMS = {
    'H.264, key frame every 32': (('resize_videos.py', '--preset', 'train'), None),
    'JPEG in zips': (('extract_frames.py', '--format', 'zip'), 'zip'),
    'decoded frames': (('extract_frames.py', '--format', 'npz'), 'npz'),
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('videos', type=Path, help='a folder of the original files')
    parser.add_argument('--short-sides', nargs='+', type=int, default=(256, 128))
    parser.add_argument('--methods', nargs='+', choices=METHODS, default=list(METHODS))
    parser.add_argument('--colours', choices=['device', 'worker'], default='device')
    parser.add_argument('--workers', type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument('--batch-size', type=int, default=8)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--samples', type=int, default=32, help='a round and form')
    parser.add_argument('--json', type=Path, help='file for the figures')
    return parser.parse_args()


def make_forms(args: argparse.Namespace, folder: Path) -> dict[str, tuple[Path, str | None]]:
    """Make all forms, and return the folder and the reader of each."""
    forms: dict[str, tuple[Path, str | None]] = {ORIGINALS: (args.videos, None)}
    for side in args.short_sides:
        for name, ((tool, *options), reader) in FORMS.items():
            target = folder / f'{len(forms)}'
            command = [sys.executable, REPO / 'tools' / 'data' / tool, args.videos, target]
            command += [*options, '--short-side', side, '--num-workers', args.workers]
            subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
            forms[f'{name}, {side} pixels'] = target, reader
    return forms


def bytes_in(folder: Path) -> int:
    """Return the bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob('*') if path.is_file())


def dataset_of(config: dict, pipeline: list[dict], folder: Path, reader: str | None) -> object:
    """Return the data set of a method on the files of a form."""
    config = {**on_videos(config, str(folder)), 'pipeline': pipeline}
    if reader is not None:
        config['endings'] = [f'.{reader}']
        config['pipeline'] = [dict(pipeline[0], readers=[reader]), *pipeline[1:]]
    return DATASETS.build(config)


def measure(
    method: str, forms: dict[str, tuple[Path, str | None]], args: argparse.Namespace
) -> dict[str, float]:
    """Return how many times as fast as the peer each form loads."""
    config = Config.fromfile(DATA / METHODS[method]).train_dataloader.to_dict()
    pipelines = pipelines_of(config['dataset'])
    pipeline = pipelines.get(args.colours, pipelines['worker'])
    loaders = {
        name: our_loader(config, dataset_of(config['dataset'], pipeline, *form), args)
        for name, form in forms.items()
    }
    peer = stock_dataset(on_videos(config['dataset'], str(args.videos)), pipelines['worker'])
    loaders[PEER] = stock_loader(peer, args)
    for loader in loaders.values():  # starts the workers
        run_once(loader, args.samples)
    rounds = []
    for _ in range(args.rounds):
        speeds = {name: run_once(loader, args.samples) for name, loader in loaders.items()}
        rounds.append({name: speeds[name] / speeds[PEER] for name in forms})
    return medians(rounds)


def main() -> None:
    """Make the forms, measure, and print a table."""
    args = parse_args()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    keep_freed_memory()  # as in a worker
    with tempfile.TemporaryDirectory() as folder:
        with DefaultScope.overwrite_default_scope('vsslbox'):
            forms = make_forms(args, Path(folder))
            ratios = {m: measure(m, forms, args) for m in args.methods}
        size = bytes_in(args.videos)
        disk = {name: bytes_in(path) / size for name, (path, _) in forms.items()}
    print(f'{"":40} {"disk":>7}' + ''.join(f'{method:>8}' for method in args.methods))
    for name in forms:
        row = ''.join(f'{ratios[method][name]:8.2f}' for method in args.methods)
        print(f'{name:40} {disk[name]:7.2f}{row}')
    if args.json is not None:
        figures = dict(
            describe_machine(), workers=args.workers, colours=args.colours, disk=disk, ratios=ratios
        )
        args.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    main()
