"""A bank belongs to the list of videos that filled it."""

from mmengine.dist import broadcast
from mmengine.hooks import Hook
from mmengine.runner import Runner

from vsslbox.models.memories import FeatureBank
from vsslbox.registry import HOOKS

__all__ = ['BankListHook']


@HOOKS.register_module()
class BankListHook(Hook):
    """Refuse to train banks with another list of videos than the one they were filled with.

    It looks when the checkpoint, if there is one, is loaded, and before the first batch. The bank
    of the first process becomes that of all, should their random start values differ:
    DistributedDataParallel leaves buffers as they are.
    """

    priority = 'HIGH'

    def before_train(self, runner: Runner) -> None:
        """Compare the training list with the hash in each bank, or note it there."""
        dataset = runner.train_dataloader.dataset
        for module in runner.model.modules():
            if isinstance(module, FeatureBank):
                module.bind(dataset.list_hash(), len(dataset))
                broadcast(module.features, src=0)
