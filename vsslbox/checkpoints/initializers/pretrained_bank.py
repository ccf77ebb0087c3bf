"""Start values for memory banks."""

from mmengine.logging import print_log
from torch import nn

from vsslbox.checkpoints.loading import load_weights
from vsslbox.registry import WEIGHT_INITIALIZERS

__all__ = ['PretrainedBank']


@WEIGHT_INITIALIZERS.register_module()
class PretrainedBank:
    """Fill a model's ``bank`` from the checkpoint of another one, trained on the same list.

    VIE-TRN starts so from VIE-Single. The list's hash comes with the rows, so that
    ``BankListHook`` sees to the list. It stands in the ``init_cfg`` of the model.

    Args:
        checkpoint: The file.
    """

    def __init__(self, checkpoint: str) -> None:
        self.checkpoint = checkpoint

    def __call__(self, module: nn.Module) -> None:
        """Fill the bank.

        Raises:
            CheckpointError: The checkpoint has no bank, or one of another shape.
        """
        report = load_weights(module.bank, self.checkpoint, prefix='bank.')
        print_log(f'the bank is from {report}', logger='current')
