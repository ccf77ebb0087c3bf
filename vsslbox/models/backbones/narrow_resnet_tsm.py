"""mmaction2's ResNet of TSM at other widths."""

from mmaction.models.backbones.resnet_tsm import ResNetTSM

from vsslbox.models.backbones.narrow_resnet import NarrowResNet
from vsslbox.registry import MODELS

__all__ = ['NarrowResNetTSM']


@MODELS.register_module()
class NarrowResNetTSM(NarrowResNet, ResNetTSM):
    """A :class:`NarrowResNet` that shifts channels between frames.

    Args:
        depth: 18, 34, 50, 101 or 152.
        base_channels: The width of the stem and of the first stage.
        kwargs: As for ``mmaction.ResNetTSM``.
    """

    def __init__(self, depth: int, base_channels: int = 16, **kwargs) -> None:
        super().__init__(depth, base_channels, **kwargs)
        self.init_structure()  # the parent did this for layers of full width
