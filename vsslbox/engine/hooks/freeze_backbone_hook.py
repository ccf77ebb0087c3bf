"""Training of a classifier on a backbone that does not change."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from vsslbox.registry import HOOKS
from vsslbox.utils import unwrap_model

__all__ = ['FreezeBackboneHook']


@HOOKS.register_module()
class FreezeBackboneHook(Hook):
    """Keep the backbone as it is: no gradients, and its BatchNorm in evaluation mode."""

    def before_train(self, runner: Runner) -> None:
        """Switch off the gradients of the backbone."""
        unwrap_model(runner.model).backbone.requires_grad_(False)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: dict) -> None:
        """Keep the backbone in evaluation mode, which a validation and a new epoch end."""
        unwrap_model(runner.model).backbone.eval()
