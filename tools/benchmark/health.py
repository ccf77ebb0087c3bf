"""Measure what watching the health of a training costs, in CPU time.

python tools/benchmark/health.py CONFIG --data-root FOLDER [--steps 20] [--rounds 5] [--json FILE]

The config is trained for rounds of steps, in one thread; after each round the last batch is
measured. A step is everything between two batches except their loading. The cost is the CPU time
of a measurement over that of the steps of an interval of `HealthHook`, the median of the rounds.
"""

import argparse
import json
import statistics
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from machine import describe_machine
from mmengine.runner import Runner

from vsslbox.apis.command_line import (
    add_config_options,
    build_runner,
    read_config,
    run_command,
    tool_parser,
)
from vsslbox.engine.hooks import HealthHook
from vsslbox.registry import HOOKS


class Done(Exception):
    """Ends the training when all rounds are measured."""


@HOOKS.register_module()
class TimedHealthHook(HealthHook):
    """Note the CPU seconds of a step, without its batch, and of a measurement."""

    def __init__(self, rounds: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rounds = rounds
        self.steps: list[float] = []
        self.measurements: list[float] = []

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Start the clock when the batch is there."""
        self.begin = time.process_time()

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        """Stop it after the step, then time the measurement if one is due."""
        end = time.process_time()
        self.steps.append(end - self.begin)
        super().after_train_iter(runner, *args, **kwargs)
        if self.every_n_train_iters(runner, self.interval):
            self.measurements.append(time.process_time() - end)
        if len(self.measurements) == self.rounds:
            raise Done


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='a pretraining config')
    parser.add_argument('--data-root', required=True, help='folder of videos')
    parser.add_argument('--steps', type=int, default=20, help='steps of a round')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--json', type=Path, help='file for the figures')
    add_config_options(parser)
    return parser.parse_args()


def main() -> None:
    """Measure and report."""
    args = parse_args()
    torch.set_num_threads(1)
    config = read_config(args)
    interval = HealthHook().interval
    config.default_hooks.health = dict(
        type='TimedHealthHook', interval=args.steps, rounds=args.rounds
    )
    config.default_hooks.update(checkpoint=None, recent_checkpoint=None)
    config.train_dataloader.update(num_workers=0, persistent_workers=False)
    config.log_level = 'ERROR'
    with tempfile.TemporaryDirectory() as folder:
        config.work_dir = folder
        runner = build_runner(config)
        hook = next(hook for hook in runner.hooks if isinstance(hook, TimedHealthHook))
        with suppress(Done):
            runner.train()
    rounds = range(args.rounds)
    steps = [sum(hook.steps[r * args.steps :][: args.steps]) / args.steps for r in rounds]
    costs = [hook.measurements[r] / (interval * steps[r]) for r in rounds]
    report = dict(
        describe_machine(),
        config=Path(args.config).stem,
        interval=interval,
        step_ms=1000 * statistics.median(steps),
        measurement_ms=1000 * statistics.median(hook.measurements),
        cost_percent=100 * statistics.median(costs),
    )
    print(json.dumps(report, indent=2))
    if args.json:
        args.json.write_text(json.dumps(report, indent=2) + '\n')


if __name__ == '__main__':
    run_command(main)
