"""Measures that tell, while it runs, whether a pretraining goes well."""

import math
from typing import Literal

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from vsslbox.engine.sharding import whole_weights
from vsslbox.errors import InputError, VSSLBoxError
from vsslbox.evaluation.functional import embedding_health
from vsslbox.models.memories import FeatureQueue
from vsslbox.models.selfsup import BaseSelfSupervisor
from vsslbox.models.utils import gather_batch
from vsslbox.registry import HOOKS
from vsslbox.utils import unwrap_model

__all__ = ['CollapseError', 'HealthHook']


class CollapseError(VSSLBoxError):
    """The embeddings of all videos have become nearly the same."""

    exit_status = 3


@HOOKS.register_module()
class HealthHook(Hook):
    """Log the health of a run every ``interval`` iterations, and tell of a collapse.

    The first measurement is after the first iteration.

    The embeddings of the batch's views (``embed_views`` of the method) are computed once more,
    without gradient, by the network as in evaluation, and measured by :func:`embedding_health`.
    Training does not change by it: neither weights nor statistics nor random states. The log (the
    JSON file, TensorBoard, ``vsslbox curves``) gets as ``health/...``

    * ``spread``, ``rank``, ``uniformity``, ``negatives`` and, for methods with several views,
      ``positives`` and ``alignment``;
    * ``queue_age``, for methods with queues: how many steps ago the oldest key was written;
    * ``data_wait``: the share of the time spent waiting for data, in percent;
    * ``videos_per_s``, of all processes, and ``hours_left``.

    It does nothing for a model that is no self-supervised method.

    The run has collapsed when, ``patience`` times in a row, the embeddings spread less than
    ``min_spread`` and less than a third of what was measured before, without a rise from the first
    of these times to the last, or less than a tenth of ``min_spread``. The alarm is an error in the
    log; with ``on_collapse='stop'`` the run also ends, with exit code 3.

    Args:
        interval: The iterations between two measurements.
        max_videos: The videos of a batch, on each process, that are measured.
        min_spread: A spread that is healthy in any case.
        patience: How many measurements in a row must be lower.
        on_collapse: What an alarm does: ``'warn'`` logs it, ``'stop'`` also ends the run.

    Raises:
        InputError: An option is outside its range.
    """

    priority = 'LOW'  # after the timer and the update of the weights

    def __init__(
        self,
        interval: int = 50,
        max_videos: int = 64,
        min_spread: float = 0.1,
        patience: int = 3,
        on_collapse: Literal['warn', 'stop'] = 'warn',
    ) -> None:
        for name, value in (
            ('interval', interval),
            ('max_videos', max_videos),
            ('patience', patience),
        ):
            if value < 1:
                raise InputError(f'`{name}` of HealthHook must be positive, got {value}')
        if on_collapse not in ('warn', 'stop'):
            raise InputError(
                f"`on_collapse` of HealthHook must be 'warn' or 'stop', got {on_collapse!r}"
            )
        self.interval = interval
        self.max_videos = max_videos
        self.min_spread = min_spread
        self.patience = patience
        self.on_collapse = on_collapse
        self._lows: list[float] = []  # the spreads that are too low, in a row
        self._widest = 0.0
        self._told = False

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Measure, log and, at a collapse, raise the alarm.

        Raises:
            CollapseError: The run has collapsed and is to stop.
        """
        model = unwrap_model(runner.model)
        due = runner.iter == 0 or self.every_n_train_iters(runner, self.interval)
        if not due or not isinstance(model, BaseSelfSupervisor):
            return
        embeddings = self._embed(model, data_batch)
        values = embedding_health(embeddings) if len(embeddings) > 1 else {}
        values |= _queue_age(model) | self._speed(runner, len(data_batch['data_samples']))
        runner.visualizer.add_scalars(
            {f'health/{name}': value for name, value in values.items()}
            | dict(epoch=runner.epoch + 1, iter=runner.iter + 1),
            step=runner.iter + 1,
        )
        if 'spread' in values:
            self._check(runner, values['spread'])

    @torch.no_grad()
    def _embed(self, model: BaseSelfSupervisor, batch: dict) -> Tensor:
        """Embed the first videos of the batch on each process, ``[M, V, D]`` of all processes."""
        batch = model.data_preprocessor(batch, training=False)
        views = [view[: self.max_videos] for view in batch['inputs']]
        training = model.training
        model.eval()
        with whole_weights(model):
            embeddings = model.embed_views(views, batch['data_samples'][: self.max_videos])
        model.train(training)
        return gather_batch(embeddings.float())

    def _speed(self, runner: Runner, batch_size: int) -> dict[str, float]:
        if 'train/time' not in runner.message_hub.log_scalars:
            return {}  # `default_hooks.timer` was removed
        time, waited = (
            runner.message_hub.get_scalar(f'train/{name}').mean(self.interval)
            for name in ('time', 'data_time')
        )
        return dict(
            data_wait=100 * waited / time,
            videos_per_s=batch_size * runner.world_size / time,
            hours_left=time * (runner.max_iters - runner.iter - 1) / 3600,
        )

    def _check(self, runner: Runner, spread: float) -> None:
        self._widest = max(self._widest, spread)
        healthy = max(min(self.min_spread, self._widest / 3), self.min_spread / 10)
        if spread >= healthy:
            self._lows, self._told = [], False
            return
        self._lows = [*self._lows, spread][-self.patience :]
        recovers = spread > self._lows[0] and spread >= self.min_spread / 10
        if len(self._lows) < self.patience or recovers:
            return
        message = (
            f'collapse: at iteration {runner.iter + 1} the embeddings of different videos are '
            f'nearly the same (health/spread {spread:.4f}, before up to {self._widest:.4f}). A '
            'lower learning rate, a longer warm-up, a momentum closer to 1 or BatchNorm in the '
            'projection may prevent it'
        )
        if self.on_collapse == 'stop':
            raise CollapseError(message)
        if not self._told:
            runner.logger.error(message)
        self._told = True


def _queue_age(model: BaseSelfSupervisor) -> dict[str, float]:
    """Return the age in steps of the oldest key of any queue."""
    written = [
        math.ceil(queue.size / queue.last_written)
        for queue in model.modules()
        if isinstance(queue, FeatureQueue) and queue.last_written
    ]
    return dict(queue_age=float(max(written))) if written else {}
