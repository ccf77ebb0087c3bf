"""The first iterations of a training, which fill the queues."""

import math
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.optim import Optimizer

from vsslbox.errors import InputError
from vsslbox.models.memories import FeatureQueue
from vsslbox.registry import HOOKS
from vsslbox.utils import unwrap_model

__all__ = ['FillQueueHook']


@HOOKS.register_module()
class FillQueueHook(Hook):
    """Leave the weights as they are until each video of a full queue has been seen.

    In the first ``ceil(K / B)`` iterations, K the size of the largest queue and B the videos of an
    iteration on all processes, gradients are dropped before the step of the optimizer: neither
    weights nor its momentum move, and there is no decay. Keys enter the queues, the statistics of
    BatchNorm move, and schedules go on. The first negatives that a step sees are then keys, not the
    random values with which a queue begins.

    Source: the code of Feichtenhofer et al., "A Large-Scale Study on Unsupervised Spatiotemporal
    Representation Learning", which counts videos, too, although each has several keys.

    Attributes:
        num_iters: The number of these iterations, once training has begun.

    Raises:
        InputError: The model has no queue.
    """

    def before_train(self, runner: Runner) -> None:
        """Count the iterations, and watch the steps of the optimizer."""
        modules = unwrap_model(runner.model).modules()
        sizes = [module.size for module in modules if isinstance(module, FeatureQueue)]
        if not sizes:
            raise InputError(
                '`FillQueueHook` waits for queues, and the model has none: take it out of '
                '`custom_hooks`'
            )
        videos = runner.train_dataloader.batch_size * runner.world_size
        self.num_iters = math.ceil(max(sizes) / videos)

        def drop_gradients(optimizer: Optimizer, *_: Any) -> None:
            if runner.iter < self.num_iters:
                optimizer.zero_grad(set_to_none=True)

        runner.optim_wrapper.optimizer.register_step_pre_hook(drop_gradients)
