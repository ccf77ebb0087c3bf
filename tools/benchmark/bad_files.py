"""Measure what bad files among the videos cost a config's data loader.

python tools/benchmark/bad_files.py CONFIG [--videos 400] [--share 0.01] [--rounds 5] [--json FILE]

The videos are made in a temporary folder: shapes that move over a background. In a copy of the
folder a share of them is truncated, filled with garbage or emptied, in turn. Each round loads an
epoch of both folders, every second round the bad one first; the figure is the median of the
rounds' ratios of videos a second.
"""

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch.utils.data import DataLoader

from vsslbox.apis.command_line import (
    add_config_options,
    on_videos,
    read_config,
    run_command,
    tool_parser,
)
from vsslbox.engine.runner import SSLRunner

FRAMES, HEIGHT, WIDTH = 48, 120, 160


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='a config with a train_dataloader')
    parser.add_argument('--videos', type=int, default=400, help='how many are made')
    parser.add_argument('--share', type=float, default=0.01, help='of them that are bad')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--workers', type=int, default=os.cpu_count(), help='one a core if not set')
    parser.add_argument('--batch-size', type=int, default=8)
    parser.add_argument('--json', type=Path, help='write all figures to this file')
    add_config_options(parser)
    parser.set_defaults(data_root=None)
    args = parser.parse_args()
    if round(args.share * args.videos) < 1:
        parser.error(f'--share {args.share:g} of --videos {args.videos} is less than one video')
    return args


def make_video(path: Path, rng: np.random.Generator) -> None:
    """Write a video of a square that moves over a smooth background."""
    coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    background = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    color, (x, y, dx, dy) = rng.integers(0, 256, 3).tolist(), rng.integers(1, 60, 4).tolist()
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=24)
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, 'yuv420p'
        for number in range(FRAMES):
            image = background.copy()
            corner = x + dx * number // FRAMES, y + dy * number // FRAMES
            cv2.rectangle(image, corner, (corner[0] + 30, corner[1] + 30), color, -1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode())


def spoil(path: Path, kind: int, rng: np.random.Generator) -> None:
    """Truncate a file, fill it with garbage or empty it."""
    content = path.read_bytes()
    path.write_bytes([content[: len(content) // 2], rng.bytes(len(content)), b''][kind])


def make_folders(folder: Path, args: argparse.Namespace) -> dict[str, Path]:
    """Make the videos, and a copy of them with bad ones."""
    rng = np.random.default_rng(0)
    folders = {name: folder / name for name in ('clean', 'bad')}
    folders['clean'].mkdir()
    for number in range(args.videos):
        make_video(folders['clean'] / f'{number:05}.mp4', rng)
    shutil.copytree(folders['clean'], folders['bad'])
    chosen = rng.choice(args.videos, round(args.share * args.videos), replace=False)
    for position, number in enumerate(chosen):
        spoil(folders['bad'] / f'{number:05}.mp4', position % 3, rng)
    return folders


def build_loader(config: Config, folder: Path, args: argparse.Namespace) -> DataLoader:
    """Build the config's loader on the videos of a folder."""
    cfg = config.train_dataloader.to_dict()
    cfg.update(
        dataset=on_videos(cfg['dataset'], str(folder)),
        num_workers=args.workers,
        batch_size=args.batch_size,
        persistent_workers=args.workers > 0,
        pin_memory=False,
        drop_last=False,  # all that is counted is delivered
    )
    return SSLRunner.build_dataloader(cfg, seed=0)


def load_epoch(loader: DataLoader, epoch: int) -> tuple[float, set[str]]:
    """Return the videos a second of an epoch, and those that were replaced."""
    loader.sampler.set_epoch(epoch)
    replaced, start = set(), time.perf_counter()
    for batch in loader:
        for sample in batch['data_samples']:
            replaced.update(path for path, _ in sample.bad_videos)
    return len(loader.dataset) / (time.perf_counter() - start), replaced


def measure(config: Config, args: argparse.Namespace) -> dict:
    """Load both folders in turns and return all figures.

    Raises:
        SystemExit: Other videos were replaced than the bad ones.
    """
    with tempfile.TemporaryDirectory() as folder:
        folders = make_folders(Path(folder), args)
        loaders = {name: build_loader(config, path, args) for name, path in folders.items()}
        rounds = []
        for epoch in range(args.rounds + 1):
            names = ('clean', 'bad') if epoch % 2 else ('bad', 'clean')
            loaded = {name: load_epoch(loaders[name], epoch) for name in names}
            if loaded['clean'][1] or len(loaded['bad'][1]) != round(args.share * args.videos):
                raise SystemExit(
                    f'replaced videos: {[sorted(found) for _, found in loaded.values()]}'
                )
            if epoch:  # the first one starts the workers
                rounds.append({name: loaded[name][0] for name in folders})
    ratios = [speeds['bad'] / speeds['clean'] for speeds in rounds]
    return dict(
        config=Path(args.config).stem,
        videos=args.videos,
        bad=round(args.share * args.videos),
        workers=args.workers,
        batch_size=args.batch_size,
        load_of_machine=os.getloadavg()[0],
        videos_per_s={name: statistics.median(r[name] for r in rounds) for name in folders},
        ratio=statistics.median(ratios),
        ratios=ratios,
    )


def main() -> None:
    """Measure and report."""
    args = parse_args()
    config = read_config(args)
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    with DefaultScope.overwrite_default_scope('vsslbox'):
        report = measure(config, args)
    clean, bad = (report['videos_per_s'][name] for name in ('clean', 'bad'))
    print(
        f'{report["config"]}: {clean:.1f} videos/s, with {report["bad"]} bad ones of '
        f'{report["videos"]} {bad:.1f}; median ratio {report["ratio"]:.3f} '
        f'({min(report["ratios"]):.3f} to {max(report["ratios"]):.3f})'
    )
    if args.json:
        args.json.write_text(json.dumps(report, indent=2))


if __name__ == '__main__':
    run_command(main)
