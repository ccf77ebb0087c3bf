"""The ResNet with convolutions split into space and time, R(2+1)D-18 and R(2+1)D-34."""

from torch import nn

from vsslbox.models.backbones.video_resnet3d import VideoResNet3d
from vsslbox.registry import MODELS

__all__ = ['VideoResNet2Plus1d']

STEM_MIDDLE = 45  # channels between the two convolutions of a stem of 64 channels


@MODELS.register_module()
class VideoResNet2Plus1d(VideoResNet3d):
    """A :class:`VideoResNet3d` in which a 1x3x3 and a 3x1x1 convolution replace each 3x3x3 one.

    There are BN and ReLU between the two, and as many channels as keep the number of parameters.
    They are computed once for each block, following torchvision, so that its published weights of
    ``r2plus1d_18`` load; mmaction2's ``ResNet2Plus1d`` and the code of VCOP compute them for each
    convolution. With 400 classes R(2+1)D-18 has 31 505 325 parameters, as published.

    Source: Tran et al., "A Closer Look at Spatiotemporal Convolutions for Action Recognition",
    section 3.5.
    """

    def stem_layers(self, in_channels: int, out_channels: int) -> list[nn.Module]:
        """Return a 1x7x7 and a 3x1x1 convolution, each with BN and ReLU."""
        middle = STEM_MIDDLE * out_channels // 64
        return [
            nn.Conv3d(in_channels, middle, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False),
            *self.norm_relu(middle),
            nn.Conv3d(middle, out_channels, (3, 1, 1), padding=(1, 0, 0), bias=False),
            *self.norm_relu(out_channels),
        ]

    def block_conv(
        self, in_channels: int, out_channels: int, stride: int, block: tuple[int, int]
    ) -> nn.Module:
        """Return the two convolutions that replace one of a residual block."""
        first, last = block
        middle = 27 * first * last // (9 * first + 3 * last)
        return nn.Sequential(
            nn.Conv3d(in_channels, middle, (1, 3, 3), (1, stride, stride), (0, 1, 1), bias=False),
            *self.norm_relu(middle),
            nn.Conv3d(middle, out_channels, (3, 1, 1), (stride, 1, 1), (1, 0, 0), bias=False),
        )
