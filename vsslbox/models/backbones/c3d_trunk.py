"""C3D without its fully connected layers."""

from mmaction.models.backbones.c3d import C3D
from torch import Tensor

from vsslbox.registry import MODELS

__all__ = ['C3DTrunk']


@MODELS.register_module()
class C3DTrunk(C3D):
    """mmaction2's C3D up to its last convolution, for clips of any size.

    Clips of 16 frames of 112x112 become maps of 512 x 2 x 7 x 7. Parameters have the names of
    mmaction2, whose published weights of C3D load (the fully connected layers stay unused).

    Source: Tran et al., "Learning Spatiotemporal Features with 3D Convolutional Networks"; with
    ``norm_cfg=dict(type='BN3d')`` it is the C3D of later self-supervised methods.

    Args:
        norm_cfg: The normalisation after each convolution; none if None.

    Attributes:
        feat_dim: The channels of the last feature map, 512.
    """

    def __init__(self, norm_cfg: dict | None = None) -> None:
        super().__init__(norm_cfg=norm_cfg)
        for name in ('pool5', 'fc6', 'fc7', 'relu', 'dropout'):
            delattr(self, name)
        self.feat_dim = 512

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``[N, 3, T, H, W]`` to ``[N, 512, T / 8, H / 16, W / 16]``, rounded down."""
        for layer in self.children():
            x = layer(x)
        return x
