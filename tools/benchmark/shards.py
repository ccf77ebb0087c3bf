"""Measure a config's data loader on shards against the same videos as files.

python tools/benchmark/shards.py CONFIG --videos FOLDER [--samples 500] [--rounds 7] [--json FILE]

The videos of the folder are packed into shards in a temporary folder beside it, on the same disk.
Each round loads the same samples from both, every second round from the shards first. The figures
are the medians of the rounds' ratios of videos a second, and of their ratios of CPU time, which
depend less on what else the machine does. Before the rounds both are read once, which also compares
their samples bit for bit and leaves both in the memory of the system.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import cv2
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
from vsslbox.compat import worker_pids
from vsslbox.datasets import VideoDataset
from vsslbox.engine.runner import SSLRunner
from vsslbox.preparation.shard_packing import (
    list_columns,
    pack_shard,
    plan_shards,
    plan_videos,
    write_index,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='a config with a train_dataloader')
    parser.add_argument('--videos', required=True, help='folder of videos')
    parser.add_argument('--samples', type=int, help='of a round (default: all videos once)')
    parser.add_argument('--rounds', type=int, default=7)
    parser.add_argument('--workers', type=int, default=os.cpu_count(), help='one a core if not set')
    parser.add_argument('--batch-size', type=int, default=8)
    parser.add_argument('--json', type=Path, help='write all figures to this file')
    add_config_options(parser)
    parser.set_defaults(data_root=None)
    return parser.parse_args()


def pack(videos: str, folder: Path) -> None:
    """Pack the videos of a folder."""
    dataset = VideoDataset(data_root=videos)
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    shards = plan_shards(plan_videos(infos)[0], 10**9)
    for shard in shards:
        pack_shard(shard, folder)
    write_index(folder, shards, list_columns(infos, is_text=True), '')


def build_loader(dataset_cfg: dict, loader_cfg: dict, args: argparse.Namespace) -> DataLoader:
    """Build a loader of a round's samples."""
    cfg = dict(
        loader_cfg,
        dataset=dict(dataset_cfg, **({'indices': args.samples} if args.samples else {})),
        num_workers=args.workers,
        batch_size=args.batch_size,
        persistent_workers=args.workers > 0,
        pin_memory=False,
        drop_last=False,  # all that is counted is delivered
    )
    return SSLRunner.build_dataloader(cfg, seed=0)


def load(loader: DataLoader, epoch: int) -> tuple[float, float]:
    """Return the seconds and the CPU seconds of an epoch, with those of the workers."""
    loader.sampler.set_epoch(epoch)
    start, used = time.perf_counter(), cpu_seconds(loader)
    for _ in loader:
        pass
    return time.perf_counter() - start, cpu_seconds(loader) - used


def cpu_seconds(loader: DataLoader) -> float:
    """Return the CPU time of this process and of a loader's workers so far."""
    ticks = 0
    for pid in worker_pids(loader):
        fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
        ticks += sum(map(int, fields[11:13]))  # in user and system mode
    return time.process_time() + ticks / os.sysconf('SC_CLK_TCK')


def compare(loaders: dict[str, DataLoader]) -> None:
    """Load an epoch from both.

    Raises:
        SystemExit: Their samples differ.
    """
    for ours, other in zip(*loaders.values(), strict=True):
        if not all(map(torch.equal, ours['inputs'], other['inputs'])):
            raise SystemExit('the samples of shards and files differ')


def measure(config: Config, args: argparse.Namespace) -> dict:
    """Load both in turns and return all figures."""
    loader_cfg = config.train_dataloader.to_dict()
    dataset_cfg = on_videos(loader_cfg['dataset'], args.videos)
    with tempfile.TemporaryDirectory(dir=Path(args.videos).resolve().parent) as folder:
        pack(args.videos, Path(folder))
        loaders = {
            'files': build_loader(dataset_cfg, loader_cfg, args),
            'shards': build_loader(
                dict(dataset_cfg, type='ShardDataset', data_root=folder), loader_cfg, args
            ),
        }
        compare(loaders)
        rounds = []
        for epoch in range(args.rounds):
            names = sorted(loaders, reverse=bool(epoch % 2))
            rounds.append({name: load(loaders[name], epoch) for name in names})
    ratios, cpu_ratios = (
        [one['files'][kind] / one['shards'][kind] for one in rounds] for kind in range(2)
    )
    videos = len(loaders['files'].dataset)
    return dict(
        config=Path(args.config).stem,
        videos=videos,
        workers=args.workers,
        batch_size=args.batch_size,
        load_of_machine=os.getloadavg()[0],
        videos_per_s={
            name: statistics.median(videos / r[name][0] for r in rounds) for name in loaders
        },
        ratio=statistics.median(ratios),
        ratios=ratios,
        cpu_ratio=statistics.median(cpu_ratios),
        cpu_ratios=cpu_ratios,
    )


def main() -> None:
    """Measure and report."""
    args = parse_args()
    config = read_config(args)
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    with DefaultScope.overwrite_default_scope('vsslbox'):
        report = measure(config, args)
    files, shards = (report['videos_per_s'][name] for name in ('files', 'shards'))
    print(f'{report["config"]}: files {files:.1f} videos/s, shards {shards:.1f}')
    for name, ratios in (('ratio', 'ratios'), ('cpu_ratio', 'cpu_ratios')):
        lowest, highest = min(report[ratios]), max(report[ratios])
        print(f'median {name} {report[name]:.3f} ({lowest:.3f} to {highest:.3f})')
    if args.json:
        args.json.write_text(json.dumps(report, indent=2))


if __name__ == '__main__':
    run_command(main)
