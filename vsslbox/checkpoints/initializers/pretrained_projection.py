"""Initial weights of projections."""

from mmengine.logging import print_log
from torch import nn

from vsslbox.checkpoints.loading import load_checkpoint, load_state_dict
from vsslbox.registry import WEIGHT_INITIALIZERS

__all__ = ['PretrainedProjection']


@WEIGHT_INITIALIZERS.register_module()
class PretrainedProjection:
    """Fill an :class:`MLPNeck` with the projection of a MoCo-v2 checkpoint.

    VCLR initializes all of its projections in this way.

    Args:
        checkpoint: The file, or ``zoo://NAME``, with ``module.encoder_q.fc.0.weight`` and so on.
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
        checkpoint = load_checkpoint(self.checkpoint)
        layers = module.get_submodule('layers')
        report = load_state_dict(layers, checkpoint, str(self.checkpoint), prefix=self.prefix)
        print_log(f'the projection is from {report}', logger='current')
