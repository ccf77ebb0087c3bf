"""Time training steps on a CPU: what bfloat16 and the layout of weights make of a method's step.

python tools/benchmark/steps.py [--methods CVRL VCLR] [--rounds 3] [--threads 1] [--json FILE]

The steps are those of tools/benchmark/gpu.py: each method at the size of its paper, with a few
videos, and the supervised step of mmaction2's SlowOnly-50 on as many clips of CVRL's size. Plain is
float32 in torch's own layout. All forms take turns in each round; seconds are of the CPU, medians
over the rounds, and ratios are medians of those of each round.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from gpu import (
    METHODS,
    PEER,
    batch_of,
    config_of,
    make_videos,
    model_of,
    peer_batch,
    step_of,
    views_of,
)
from machine import describe_machine
from mmengine.registry import DefaultScope

PLAIN = 'plain'
FORMS = {
    PLAIN: {},
    'channels last': dict(channels_last=True),
    'bfloat16': dict(bfloat16=True),
    'bfloat16, channels last': dict(bfloat16=True, channels_last=True),
}
VIDEOS = {'CVRL': 1, 'VCLR': 4, 'VIE': 4, 'VDIM': 2, 'VideoMAE': 2, 'V-JEPA 2': 1}
PEER_NAME = "mmaction2's SlowOnly-50"


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--methods', nargs='+', choices=METHODS, default=list(METHODS)[:4])
    parser.add_argument('--tiny', action='store_true', help='at the size of the demonstrations')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--json', type=Path, help='file for the figures')
    return parser.parse_args()


def steps_of(make_model: Callable[[], torch.nn.Module], batch: dict) -> dict[str, Callable]:
    """Return a step of each form, on models of their own."""
    return {form: step_of(make_model(), batch, **options) for form, options in FORMS.items()}


def seconds_of(steps: dict[str, Callable], rounds: int) -> dict[str, list[float]]:
    """Return the CPU seconds of each step in each round, after a first one."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step()
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.process_time()
            step()
            seconds[name].append(time.process_time() - start)
    return seconds


def main() -> None:
    """Measure, and print a table."""
    args = parse_args()
    torch.set_num_threads(args.threads)
    size, frames = ((96, 96), 80) if args.tiny else ((340, 256), 150)
    figures = {}
    with tempfile.TemporaryDirectory() as folder, DefaultScope.overwrite_default_scope('vsslbox'):
        make_videos(Path(folder), max(VIDEOS.values()), size, frames)
        for method in args.methods:
            config = config_of(method, Path(folder), args)
            batch = batch_of(config, VIDEOS[method])
            models = {method: (partial(model_of, config.model, 'cpu'), batch)}
            if method == 'CVRL':
                models[PEER_NAME] = (partial(model_of, PEER, 'cpu'), peer_batch(views_of(batch)))
            for name, (make_model, views) in models.items():
                figures[name] = seconds_of(steps_of(make_model, views), args.rounds)
                print(f'{name}, {VIDEOS[method]} video(s), {args.threads} thread(s)')
                for form, seconds in figures[name].items():
                    ratios = [a / b for a, b in zip(figures[name][PLAIN], seconds, strict=True)]
                    middle, ratio = statistics.median(seconds), statistics.median(ratios)
                    print(f'  {form:24} {middle:8.2f} s   {ratio:5.2f} times as fast', flush=True)
    if args.json is not None:
        made_with = dict(describe_machine(), threads=args.threads, videos=VIDEOS)
        args.json.write_text(json.dumps(dict(made_with, seconds=figures), indent=1) + '\n')


if __name__ == '__main__':
    main()
