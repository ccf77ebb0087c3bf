"""Measure how fast the training data of configs load, and where the workers spend their time.

python tools/benchmark/loader.py CONFIG ... [--videos FOLDER] [--against mmaction2] [--json FILE]

Stages are timed in this process, one sample after the other. Then the data loader itself runs, with
the deferred transforms left to the device (if the config defers any) and in the workers, in turns
with its peer; every figure is the median over the rounds. The reader forgets a file after each
sample, as if no file were read twice.
"""

import argparse
import copy
import json
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import torch
from machine import describe_machine
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from stock_pipeline import StockDataset
from torch.utils.data import DataLoader, Dataset

from vsslbox.apis.command_line import on_videos, read_config, run_command, tool_parser
from vsslbox.compat import worker_pids
from vsslbox.datasets import EpochSampler
from vsslbox.datasets.readers.pyav_reader import forget_files
from vsslbox.datasets.transforms import AugmentViews
from vsslbox.datasets.transforms.steps import Steps, list_steps
from vsslbox.engine.runner import SSLRunner
from vsslbox.engine.worker import keep_freed_memory
from vsslbox.registry import DATASETS, MODELS
from vsslbox.structures import SampleKey


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('configs', nargs='+', help='configs with a train_dataloader')
    parser.add_argument('--videos', help="a folder of videos, instead of the config's data")
    parser.add_argument('--against', choices=['mmaction2'], help='the peer to compare with')
    parser.add_argument('--against-videos', help='a folder of videos for the peer, if others')
    parser.add_argument('--workers', type=int, default=os.cpu_count(), help='one a core if not set')
    parser.add_argument('--batch-size', type=int, default=8)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--samples', type=int, default=96, help='samples a round and pipeline')
    parser.add_argument('--json', type=Path, help='write all figures to this file')
    parser.set_defaults(data_root=None, cfg_options=None)
    return parser.parse_args()


def read_configs(args: argparse.Namespace) -> dict[str, Config]:
    """Return the configs of the command line by name."""
    configs = {}
    for name in args.configs:
        args.config = name
        configs[Path(name).stem] = read_config(args)
    return configs


class Repeated(Dataset):
    """A data set as long as asked for; each sample is made as if its file were new."""

    def __init__(self, dataset: Dataset, length: int) -> None:
        self.dataset = dataset
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, key: SampleKey) -> Any:
        forget_files()
        round_, index = divmod(key.index, len(self.dataset))
        return self.dataset[SampleKey(index, epoch=key.epoch + round_, seed=key.seed)]


def listed(pipeline: Steps) -> list[dict]:
    """Copy a pipeline, its steps and the transforms of `AugmentViews` as lists."""
    pipeline = copy.deepcopy(list_steps(pipeline))
    for step in pipeline:
        if step['type'] == 'AugmentViews':
            step['transforms'] = list_steps(step['transforms'])
    return pipeline


def in_worker(pipeline: list[dict]) -> list[dict]:
    """Copy a pipeline with nothing left to the device."""
    pipeline = copy.deepcopy(pipeline)
    for step in pipeline:
        if step['type'] == 'AugmentViews':
            step['transforms'] = [
                inner
                for t in step['transforms']
                for inner in (list_steps(t['transforms']) if t['type'] == 'Defer' else [t])
            ]
    return pipeline


def batched(keys: list[SampleKey], size: int) -> Iterator[list[SampleKey]]:
    """The keys in batches."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


class Timed:
    """A transform that adds up the time it takes."""

    def __init__(self, transform: Any, name: str, seconds: dict[str, float]) -> None:
        self.transform = transform
        self.name = name
        self.seconds = seconds

    def __call__(self, *args: Any) -> Any:
        """Call the transform."""
        start = time.perf_counter()
        result = self.transform(*args)
        self.seconds[self.name] += time.perf_counter() - start
        return result


def time_stages(
    dataset: Dataset, keys: list[SampleKey], loader: DataLoader, args: argparse.Namespace
) -> dict[str, float]:
    """Milliseconds a video by the names of the transforms; `rest` is what lies between them."""
    seconds: dict[str, float] = defaultdict(float)
    steps = dataset.pipeline.transforms
    for number, step in enumerate(steps):
        if isinstance(step, AugmentViews):
            step.transforms = [Timed(t, type(t).__name__, seconds) for t in step.transforms]
        else:
            steps[number] = Timed(step, type(step).__name__, seconds)
    samples = Repeated(dataset, len(keys))
    collate = Timed(loader.collate_fn, 'collate', seconds)
    start = time.perf_counter()
    for batch in batched(keys, args.batch_size):
        collate([samples[key] for key in batch])
    seconds['rest'] = time.perf_counter() - start - sum(seconds.values())
    return {name: 1000 * value / len(keys) for name, value in seconds.items()}


def share_of_decoding(stages: dict[str, float]) -> float:
    """What opening the file, decoding and converting to RGB take of a worker's time."""
    return (stages['OpenVideo'] + stages['DecodeViews']) / sum(stages.values())


def run_once(loader: DataLoader, num_samples: int) -> float:
    """Videos a second, from the first batch asked for to the last one received."""
    start = time.perf_counter()
    for _ in loader:
        pass
    return num_samples / (time.perf_counter() - start)


def peak_memory(loader: DataLoader) -> float:
    """The largest resident set of a worker so far, in MiB."""
    peaks = []
    for pid in worker_pids(loader):
        for line in Path(f'/proc/{pid}/status').read_text().splitlines():
            if line.startswith('VmHWM'):
                peaks.append(int(line.split()[1]) / 1024)
    return max(peaks)


def our_loader(loader_cfg: dict, dataset: Dataset, args: argparse.Namespace) -> DataLoader:
    """The config's own loader, on as many samples as asked for."""
    cfg = {
        **loader_cfg,
        'dataset': Repeated(dataset, args.samples),
        'num_workers': args.workers,
        'batch_size': args.batch_size,
        'persistent_workers': True,
        'pin_memory': False,
        'drop_last': False,  # all that is counted is delivered
    }
    return SSLRunner.build_dataloader(cfg, seed=0)


def stock_loader(dataset: StockDataset, args: argparse.Namespace) -> DataLoader:
    """A loader as mmaction2's users have it."""
    repeated = Repeated(dataset, args.samples)
    return DataLoader(
        repeated,
        args.batch_size,
        sampler=EpochSampler(repeated, seed=0),
        num_workers=args.workers,
        persistent_workers=True,
        collate_fn=pseudo_collate,
    )


def time_on_device(config: Config, loader: DataLoader) -> float | None:
    """Return the milliseconds a video that the data preprocessor takes on the GPU, None without."""
    if not torch.cuda.is_available():
        return None
    preprocessor = MODELS.build(dict(type='ViewsPreprocessor')).cuda()
    batch = next(iter(loader))
    times = []
    for _ in range(10):
        torch.cuda.synchronize()
        start = time.perf_counter()
        preprocessor(batch, training=True)
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times) / len(batch['inputs'][0])


def stock_dataset(dataset_cfg: dict, pipeline: list[dict]) -> StockDataset:
    """The peer's data set, on the videos of a data set of ours."""
    videos = DATASETS.build({**dataset_cfg, 'pipeline': []})
    names = [videos.get_data_info(i)['filename'] for i in range(len(videos))]
    return StockDataset(names, pipeline)


def pipelines_of(dataset_cfg: dict) -> dict[str, list[dict]]:
    """Return the config's pipeline, and a copy with nothing left to the device."""
    pipeline = listed(dataset_cfg['pipeline'])
    pipelines = {'device': pipeline, 'worker': in_worker(pipeline)}
    if pipelines['worker'] == pipelines['device']:
        del pipelines['device']
    return pipelines


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure over the rounds."""
    return {name: statistics.median(r[name] for r in rounds) for name in rounds[0]}


def measure(config: Config, args: argparse.Namespace) -> dict:
    """Run everything and return all figures."""
    loader_cfg = config.train_dataloader.to_dict()
    dataset_cfg = on_videos(loader_cfg['dataset'], args.videos)
    pipelines = pipelines_of(dataset_cfg)

    def dataset(place: str) -> Dataset:
        return DATASETS.build({**dataset_cfg, 'pipeline': pipelines[place]})

    loaders = {place: our_loader(loader_cfg, dataset(place), args) for place in pipelines}
    if args.against:
        peer_cfg = on_videos(loader_cfg['dataset'], args.against_videos or args.videos)
        peer = stock_dataset(peer_cfg, pipelines['worker'])
        loaders[args.against] = stock_loader(peer, args)

    for loader in loaders.values():  # starts the workers
        run_once(loader, args.samples)
    keys = list(EpochSampler(Repeated(dataset('worker'), args.samples), seed=0))
    stages, speeds = [], []
    for _ in range(args.rounds):
        speeds.append({name: run_once(loader, args.samples) for name, loader in loaders.items()})
        stages.append({p: time_stages(dataset(p), keys, loaders[p], args) for p in pipelines})

    report = dict(
        batch_size=args.batch_size,
        stages_ms={place: medians([r[place] for r in stages]) for place in pipelines},
        share_of_decoding=medians(
            [{p: share_of_decoding(r[p]) for p in pipelines} for r in stages]
        ),
        videos_per_s=medians(speeds),
        worker_peak_mib={name: peak_memory(loader) for name, loader in loaders.items()},
        rounds_videos_per_s=speeds,
    )
    if 'device' in loaders:
        report['device_ms'] = time_on_device(config, loaders['device'])
    if args.against:
        report['ratio'] = medians(
            [{p: speed[p] / speed[args.against] for p in pipelines} for speed in speeds]
        )
    return report


def show(report: dict, workers: int, against: str | None) -> None:
    """Print what was measured."""
    for place, stages in report['stages_ms'].items():
        total = sum(stages.values())
        print(f'\ndeferred transforms in the {place}: {total:.1f} ms a video in one process')
        for name, ms in stages.items():
            print(f'  {name:24} {ms:7.2f} ms  {100 * ms / total:5.1f} %')
        share = report['share_of_decoding'][place]
        print(f'  share of decoding: {100 * share:.0f} %; were the rest free, {1 / share:.2f} x')
    if 'device_ms' in report:
        ms = report['device_ms']
        print('  on the device:', 'no GPU here' if ms is None else f'{ms:.2f} ms a video')
    print(f'\nDataLoader, {workers} workers, batches of {report["batch_size"]}')
    for name, speed in report['videos_per_s'].items():
        memory = report['worker_peak_mib'][name]
        line = f'  {name:12} {speed:7.1f} videos/s  {speed / workers:7.1f} a worker'
        line += f'  {memory:6.0f} MiB a worker at most'
        if name in report.get('ratio', {}):
            line += f'  {report["ratio"][name]:5.2f} x {against}'
        if name == 'device':
            line += ' (which runs all transforms in its workers)'
        print(line)


def main() -> None:
    """Measure and report."""
    args = parse_args()
    configs = read_configs(args)
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    keep_freed_memory()  # as in a worker
    reports = {}
    for name, config in configs.items():
        with DefaultScope.overwrite_default_scope('vsslbox'):
            reports[name] = measure(config, args)
        print(f'\n{name}')
        show(reports[name], args.workers, args.against)
    if args.json:
        figures = dict(describe_machine(), workers=args.workers)
        figures.update(against=args.against, reports=reports)
        args.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    run_command(main)
