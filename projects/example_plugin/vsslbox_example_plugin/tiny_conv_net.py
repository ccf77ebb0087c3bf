"""A backbone that trains on a CPU in seconds."""

from collections.abc import Sequence
from itertools import pairwise

from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.registry import MODELS

__all__ = ['TinyConvNet']


@MODELS.register_module()
class TinyConvNet(BaseModule):
    """A stack of 3x3 convolutions of stride 2, each with BatchNorm and ReLU.

    Args:
        channels: The width of each layer; n layers divide the resolution by 2 ** n.
        init_cfg: mmengine's weight initialization.
    """

    def __init__(
        self,
        channels: Sequence[int] = (16, 32, 64),
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        widths = pairwise((3, *channels))
        self.layers = nn.Sequential(*(_layer(before, after) for before, after in widths))

    def forward(self, images: Tensor) -> Tensor:
        """Compute the feature map ``[N, C, h, w]`` of images ``[N, 3, H, W]``."""
        return self.layers(images)


def _layer(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
