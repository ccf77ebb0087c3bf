"""A checkpoint that is never old, and one when a signal ends the training."""

import time

import torch
import torch.distributed as dist
from mmengine.hooks import Hook
from mmengine.runner import Runner

from vsslbox.engine.lost_processes import patience
from vsslbox.engine.stop_signals import TrainingStopped
from vsslbox.errors import InputError
from vsslbox.registry import HOOKS

__all__ = ['RecentCheckpointHook']


@HOOKS.register_module()
class RecentCheckpointHook(Hook):
    """Save a checkpoint every few minutes and when a signal asks the training to end.

    There is one file, which each new checkpoint replaces. SIGINT, SIGTERM and SIGUSR1 end the
    training after the iteration, or after the iterations whose gradients are accumulated, with the
    exit code 128 plus the signal's number. All processes save and leave together: after each
    iteration they agree on it, over gloo, which no GPU has to wait for. After that checkpoint
    ``before_stop(runner)`` of all hooks that have it is called on all processes. The runner adds
    this hook to every training; ``default_hooks = dict(recent_checkpoint=None)`` removes it.

    Args:
        minutes: The time from one checkpoint to the next, by the clock of the first process.
        filename: The file's name in the work directory.
    """

    priority = 'VERY_LOW'  # after the schedules, like CheckpointHook

    def __init__(self, minutes: float = 10, filename: str = 'recent.pth') -> None:
        if not minutes > 0:
            raise InputError(f'minutes of RecentCheckpointHook must be positive, got {minutes}')
        self.seconds = 60 * minutes
        self.filename = filename
        self._saved_at = 0.0
        self._group: dist.ProcessGroup | None = None

    def before_train(self, runner: Runner) -> None:
        """Start the clock and listen to signals."""
        self._saved_at = time.monotonic()
        if runner.distributed:
            self._group = dist.new_group(
                backend='gloo', timeout=patience(runner.cfg.get('env_cfg'))
            )
        runner.stop_signals.listen()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Save if it is time to; save and leave if any process has received a signal."""
        if not runner.optim_wrapper.should_update():
            return  # a checkpoint holds no accumulated gradients
        due = time.monotonic() - self._saved_at >= self.seconds
        due, stop = self._agree(due and runner.rank == 0, runner.stop_signals.received)
        if due or stop:
            runner.save_checkpoint(runner.work_dir, self.filename, by_epoch=False)
            self._saved_at = time.monotonic()
        if stop:
            runner.call_hook('before_stop')
            runner.logger.warning(
                f'stopped after iteration {runner.iter + 1} of {runner.max_iters}; to go on: the '
                f'same command with --resume and --work-dir {runner.work_dir}'
            )
            if self._group is not None:  # a launcher kills all processes when the first one ends
                dist.barrier(self._group)
            raise TrainingStopped(128 + stop)

    def _agree(self, *values: int) -> list[int]:
        """Return the maxima over all processes."""
        values = torch.tensor(values)
        if self._group is not None:
            dist.all_reduce(values, dist.ReduceOp.MAX, self._group)
        return values.tolist()
