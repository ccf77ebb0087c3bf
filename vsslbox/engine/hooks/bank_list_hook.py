"""A bank belongs to the list of videos that filled it."""

from collections.abc import Mapping

from mmengine.dist import broadcast
from mmengine.hooks import Hook
from mmengine.runner import Runner

from vsslbox.models.memories import FeatureBank
from vsslbox.registry import HOOKS
from vsslbox.utils import unwrap_model

__all__ = ['BankListHook']


@HOOKS.register_module()
class BankListHook(Hook):
    """Refuse to train a bank on another list of videos than the one that filled it.

    The number of rows is compared before a checkpoint is loaded, the list before the first batch.
    The first process sends its bank to all others, because their random start values may differ and
    DistributedDataParallel does not synchronise buffers. The runner adds this hook to every
    training; it does nothing for a model without a :class:`FeatureBank`.
    """

    priority = 'HIGH'

    def after_load_checkpoint(self, runner: Runner, checkpoint: Mapping) -> None:
        """Compare the rows of each bank with those in the file, which fills the model next."""
        weights = checkpoint.get('state_dict', {})
        for name, module in unwrap_model(runner.model).named_modules():
            if isinstance(module, FeatureBank) and f'{name}.features' in weights:
                module.check_rows(len(weights[f'{name}.features']))

    def before_train(self, runner: Runner) -> None:
        """Compare the training list with the hash in each bank; store the hash in a new bank."""
        dataset = runner.train_dataloader.dataset
        for module in runner.model.modules():
            if isinstance(module, FeatureBank):
                module.bind(dataset.list_hash(), len(dataset))
                broadcast(module.features, src=0)
