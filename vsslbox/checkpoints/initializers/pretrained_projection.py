"""Initial weights of projections."""

from mmengine.logging import print_log
from torch import nn

from vsslbox.checkpoints.loading import CheckpointError, load_checkpoint
from vsslbox.registry import WEIGHT_INITIALIZERS

__all__ = ['PretrainedProjection']


@WEIGHT_INITIALIZERS.register_module()
class PretrainedProjection:
    """Fill an :class:`MLPNeck` with the projection of a MoCo-v2 checkpoint.

    VCLR initializes all of its projections in this way.

    Args:
        checkpoint: The file, or ``zoo://NAME``, with ``module.encoder_q.fc.0.weight`` and so on in
            its ``state_dict``.
        prefix: The part of the names before the numbers of the layers.
    """

    def __init__(self, checkpoint: str, prefix: str = 'module.encoder_q.fc.') -> None:
        self.checkpoint = checkpoint
        self.prefix = prefix

    def __call__(self, module: nn.Module) -> None:
        """Fill the module's ``layers``.

        Raises:
            CheckpointError: The checkpoint has no such projection, or one of another shape.
        """
        weights = load_checkpoint(self.checkpoint).get('state_dict', {})
        found = {
            f'layers.{name.removeprefix(self.prefix)}': weight
            for name, weight in weights.items()
            if name.startswith(self.prefix)
        }
        try:
            module.load_state_dict(found)
        except RuntimeError as error:
            raise CheckpointError(
                f'{self.checkpoint}: the weights {self.prefix}* do not fill the projection: {error}'
            ) from None
        print_log(f'projection filled from {self.checkpoint}', logger='current')
