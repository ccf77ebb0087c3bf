"""Initial values of memory banks."""

from mmengine.logging import print_log
from torch import nn

from vsslbox.checkpoints.loading import load_weights
from vsslbox.registry import WEIGHT_INITIALIZERS

__all__ = ['PretrainedBank']


@WEIGHT_INITIALIZERS.register_module()
class PretrainedBank:
    """Fill a model's ``bank`` from the checkpoint of another model, trained on the same list.

    VIE-TRN starts from VIE-Single in this way. The rows come with the hash of the list, so that
    ``BankListHook`` checks the list. Give it to the model's ``init_cfg``.

    Args:
        checkpoint: The file, or ``zoo://NAME``.
    """

    def __init__(self, checkpoint: str) -> None:
        self.checkpoint = checkpoint

    def __call__(self, module: nn.Module) -> None:
        """Fill the bank.

        Raises:
            CheckpointError: The checkpoint has no bank, or a bank of another shape.
        """
        report = load_weights(module.get_submodule('bank'), self.checkpoint, prefix='bank.')
        print_log(f'the bank is from {report}', logger='current')
