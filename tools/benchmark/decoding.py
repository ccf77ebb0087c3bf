"""Compare what a worker needs to open and decode videos with what FFmpeg needs for the same frames.

python tools/benchmark/decoding.py CONFIG ... --videos FOLDER [--json FILE]

FFmpeg, on one thread as the workers use it, opens each video, decodes from the last key frame that
is not after the first frame of a sample to its last one, and converts nothing: with all frames, and
without those that no other frame needs. A reader that is exact cannot be much faster, unless a
sample has key frames between its frames. The three take turns; figures are medians over the rounds.
"""

import json
import statistics
import time
from argparse import Namespace
from collections import defaultdict
from pathlib import Path
from typing import Any

import av
import cv2
from loader import Repeated, read_configs
from machine import describe_machine
from mmengine.config import Config
from mmengine.registry import DefaultScope
from torch.utils.data import Dataset

from vsslbox.apis.command_line import on_videos, run_command, tool_parser
from vsslbox.datasets import EpochSampler
from vsslbox.datasets.transforms import DecodeViews
from vsslbox.datasets.transforms.steps import list_steps
from vsslbox.engine.worker import keep_freed_memory
from vsslbox.registry import DATASETS

OURS, ALL, NEEDED = 'vsslbox', 'FFmpeg, all frames', 'FFmpeg, needed frames'


def parse_args() -> Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('configs', nargs='+', help='configs with a train_dataloader')
    parser.add_argument('--videos', required=True, help='a folder of videos')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--samples', type=int, default=48, help='samples a round')
    parser.add_argument('--json', type=Path, help='write all figures to this file')
    parser.set_defaults(data_root=None, cfg_options=None)
    return parser.parse_args()


class Note:
    """A step in the place of decoding that notes the file and the times of a sample's frames."""

    def __init__(self) -> None:
        self.samples: list[tuple[str, int, int]] = []

    def __call__(self, results: dict) -> dict:
        """Note the times of the first frame and of the last one, in the stream's unit."""
        reader = results.pop('reader')
        indices = [index for view in results['views'] for index in view.frame_indices.tolist()]
        with av.open(reader.path) as container:
            times = [frame.pts for frame in container.decode(video=0)]
        self.samples.append((reader.path, times[min(indices)], times[max(indices)]))
        reader.close()
        return results


def decode(path: str, first: int, last: int, skip: str) -> int:
    """Decode the frames from one time to another, and return how many were decoded."""
    count = 0
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = 'NONE', 1
        stream.codec_context.skip_frame = skip
        container.seek(first, stream=stream)
        for frame in container.decode(stream):
            count += 1
            if frame.pts >= last:
                break
    return count


def measure(config: Config, args: Namespace) -> dict[str, list[float]]:
    """Return the milliseconds a sample of each round, by what was measured."""
    dataset_cfg = on_videos(config.train_dataloader.to_dict()['dataset'], args.videos)
    steps = list_steps(dataset_cfg['pipeline'])
    kinds = [step['type'] for step in steps]
    before = steps[: kinds.index(DecodeViews.__name__)]

    def samples_of(*decoding: Any) -> Dataset:
        dataset = DATASETS.build({**dataset_cfg, 'pipeline': [*before, *decoding]})
        return Repeated(dataset, args.samples)

    note = Note()
    noting, reading = samples_of(note), samples_of(dict(type=DecodeViews.__name__))
    keys = list(EpochSampler(noting, seed=0))
    for key in keys:
        noting[key]
    milliseconds = defaultdict(list)
    for _ in range(args.rounds):
        start = time.perf_counter()
        for key in keys:
            reading[key]
        milliseconds[OURS].append(1000 * (time.perf_counter() - start) / len(keys))
        for name, skip in ((ALL, 'DEFAULT'), (NEEDED, 'NONREF')):
            start = time.perf_counter()
            for sample in note.samples:
                decode(*sample, skip)
            milliseconds[name].append(1000 * (time.perf_counter() - start) / len(keys))
    return dict(milliseconds)


def main() -> None:
    """Measure and print a table."""
    args = parse_args()
    configs = read_configs(args)
    cv2.setNumThreads(0)
    keep_freed_memory()  # as in a worker
    with DefaultScope.overwrite_default_scope('vsslbox'):
        figures = {name: measure(config, args) for name, config in configs.items()}
    for name, milliseconds in figures.items():
        medians = {what: statistics.median(ms) for what, ms in milliseconds.items()}
        print(f'{name:24}', *(f'{what} {ms:.1f} ms' for what, ms in medians.items()), sep='   ')
    if args.json:
        figures = dict(describe_machine(), milliseconds=figures)
        args.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    run_command(main)
