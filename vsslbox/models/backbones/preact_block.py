"""The block of pre-activation ResNets."""

import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from torch import Tensor, nn

__all__ = ['PreActBlock', 'centred_conv']


def centred_conv(
    in_channels: int,
    out_channels: int,
    kernel: tuple[int, int, int],
    stride: tuple[int, int, int] = (1, 1, 1),
) -> nn.Conv3d:
    """Build a 3D convolution without bias and with symmetric padding, for odd kernels."""
    padding = tuple(size // 2 for size in kernel)
    return nn.Conv3d(in_channels, out_channels, kernel, stride, padding, bias=False)


class PreActBlock(nn.Module):
    """BN, ReLU, convolution, BN, ReLU, convolution, and a shortcut.

    Source: He et al., "Identity Mappings in Deep Residual Networks", figure 4 (e).

    Args:
        in_channels: The channels of the input.
        out_channels: The channels of the output.
        kernels_t: The temporal sizes of both kernels, which are 3x3 in space.
        stride: The stride of the first convolution in time, height and width.
        project: Whether the shortcut is a 1x1x1 convolution of the output of the first BN-ReLU;
            otherwise, it is the input.
        norm_cfg: The normalisation.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernels_t: tuple[int, int],
        stride: tuple[int, int, int],
        project: bool,
        norm_cfg: dict,
    ) -> None:
        super().__init__()
        first_t, second_t = kernels_t
        self.bn1 = build_norm_layer(norm_cfg, in_channels)[1]
        self.conv1 = centred_conv(in_channels, out_channels, (first_t, 3, 3), stride)
        self.bn2 = build_norm_layer(norm_cfg, out_channels)[1]
        self.conv2 = centred_conv(out_channels, out_channels, (second_t, 3, 3))
        self.downsample = (
            centred_conv(in_channels, out_channels, (1, 1, 1), stride) if project else None
        )

    def activate(self, x: Tensor) -> Tensor:
        """Apply the first BN-ReLU."""
        return F.relu(self.bn1(x), inplace=True)

    def forward(self, x: Tensor, activated: Tensor | None = None) -> Tensor:
        """Map ``[N, C, T, H, W]`` to ``[N, out_channels, t, h, w]``.

        Args:
            x: The input.
            activated: The output of :meth:`activate`, if it is known.
        """
        activated = self.activate(x) if activated is None else activated
        shortcut = x if self.downsample is None else self.downsample(activated)
        return shortcut + self.conv2(F.relu(self.bn2(self.conv1(activated)), inplace=True))
