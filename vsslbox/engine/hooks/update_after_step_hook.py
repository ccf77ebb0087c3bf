"""Updates of a model that follow an optimizer step."""

import math

from mmengine.hooks import Hook
from mmengine.runner import Runner

from vsslbox.compat import iterations_per_step
from vsslbox.registry import HOOKS
from vsslbox.utils import unwrap_model

__all__ = ['UpdateAfterStepHook']


@HOOKS.register_module()
class UpdateAfterStepHook(Hook):
    """Call the model's ``update_after_step`` after each step of the optimizer.

    Moving averages, queues and banks change there. With gradient accumulation that is once in
    ``accumulative_counts`` iterations, like the weights. It runs before hooks that save or
    evaluate. The runner adds this hook to every training.
    """

    priority = 'VERY_HIGH'

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Update the model if this iteration ended in a step."""
        model = unwrap_model(runner.model)
        if hasattr(model, 'update_after_step') and runner.optim_wrapper.should_update():
            model.update_after_step(progress=_progress(runner))


def _progress(runner: Runner) -> float:
    """Return the share of the optimizer's steps that were done before this one."""
    num_iters = iterations_per_step(runner.optim_wrapper)
    return (runner.iter // num_iters) / math.ceil(runner.max_iters / num_iters)
