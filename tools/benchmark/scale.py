"""Measure what a clip costs, and plan the embedding of a large corpus from it.

python tools/benchmark/scale.py FOLDER_OF_VIDEOS [--cores 16] [--core-hour 0.05] [--json FILE]

Each step is timed alone, in CPU seconds of one thread: opening a file and decoding 8 frames, 8
apart, resizing and cropping them to 224 pixels; the forward pass of a SlowOnly-50 on such a clip;
the row of a table. From these follow, for 1, 10 and 100 million clips on 1, 8 and 64 machines,
hours, money and the step that takes longest. A machine has `--cores` cores that cost `--core-hour`
each. What a GPU would have to take in a second before decoding limits it is told too.
"""

import argparse
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pyarrow.parquet
import torch
from mmengine.registry import init_default_scope

from vsslbox.datasets import VideoDataset
from vsslbox.registry import MODELS

CORPORA = (10**6, 10**7, 10**8)
MACHINES = (1, 8, 64)
CHANNELS = 2048
PIPELINE = (
    dict(type='OpenVideo'),
    dict(type='SampleRandomClip', clip_len=8, frame_interval=8),
    dict(type='DecodeViews'),
    dict(
        type='AugmentViews',
        transforms=[dict(type='Resize', size=256), dict(type='CenterCrop', size=224)],
    ),
    dict(type='PackViews'),
)
BACKBONE = dict(
    type='mmaction.ResNet3dSlowOnly',
    depth=50,
    pretrained=None,
    lateral=False,
    conv1_kernel=(1, 7, 7),
    conv1_stride_t=1,
    pool1_stride_t=1,
    inflate=(0, 0, 1, 1),
    norm_eval=False,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('videos', help='a folder of videos like those of the corpus')
    parser.add_argument('--clips', type=int, default=40, help='clips to time')
    parser.add_argument('--cores', type=int, default=16, help='cores of a machine')
    parser.add_argument('--core-hour', type=float, default=0.05, help='price of a core and hour')
    parser.add_argument('--json', type=Path, help='file for the figures')
    return parser.parse_args()


def seconds_each(step: Callable[[int], object], count: int) -> float:
    """Return the CPU seconds of a step, the mean over some after a first one."""
    step(0)
    start = time.process_time()
    for number in range(count):
        step(number)
    return (time.process_time() - start) / count


def measure(folder: str, clips: int) -> dict[str, float]:
    """Return the CPU seconds that each step takes for a clip."""
    torch.set_num_threads(1)
    init_default_scope('vsslbox')
    dataset = VideoDataset(data_root=folder, pipeline=list(PIPELINE), test_mode=True)
    backbone = MODELS.build(BACKBONE)
    backbone.eval()  # mmaction2's returns nothing
    clip = torch.randn(1, 3, 8, 224, 224)
    row = pyarrow.array([torch.randn(CHANNELS).numpy()] * 1000)
    table = pyarrow.table(dict(embedding=row, path=['a/video.mp4'] * 1000))

    def write(number: int) -> None:
        pyarrow.parquet.write_table(table, io.BytesIO())

    with torch.inference_mode():
        return dict(
            decode=seconds_each(lambda number: dataset[number % len(dataset)], clips),
            forward=seconds_each(lambda number: backbone(clip), max(3, clips // 8)),
            write=seconds_each(write, 3) / 1000,
        )


def plan(seconds: dict[str, float], args: argparse.Namespace) -> list[dict]:
    """Return what corpora take on machines without a GPU, as rows of a table."""
    rows = []
    for clips in CORPORA:
        hours = {step: clips * value / 3600 for step, value in seconds.items()}  # of one core
        longest = max(hours, key=hours.get)
        for machines in MACHINES:
            rows.append(
                dict(
                    clips=clips,
                    machines=machines,
                    hours=sum(hours.values()) / (machines * args.cores),
                    money=sum(hours.values()) * args.core_hour,
                    longest=f'{longest} ({hours[longest] / sum(hours.values()):.0%})',
                    decode_hours=hours['decode'] / (machines * args.cores),
                )
            )
    return rows


def main() -> None:
    """Measure and plan."""
    args = parse_args()
    seconds = measure(args.videos, args.clips)
    rows = plan(seconds, args)
    for step, value in seconds.items():
        print(f'{step:>8}  {1000 * value:9.2f} ms of one core a clip')
    print(
        f'a GPU beside {args.cores} cores waits for decoding beyond '
        f'{args.cores / seconds["decode"]:.0f} clips a second\n'
    )
    print('| clips | machines | hours | money | longest step | hours of decoding alone |')
    print('|--:|--:|--:|--:|---|--:|')
    for row in rows:
        print(
            f'| {row["clips"]:,} | {row["machines"]} | {row["hours"]:,.1f} | {row["money"]:,.0f} | '
            f'{row["longest"]} | {row["decode_hours"]:,.1f} |'
        )
    if args.json:
        settings = dict(cores=args.cores, core_hour=args.core_hour)
        report = dict(seconds=seconds, settings=settings, plan=rows)
        args.json.write_text(json.dumps(report, indent=1) + '\n')


if __name__ == '__main__':
    main()
