"""The plain 3D ResNet, R3D-18 and R3D-34."""

from collections.abc import Sequence

from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.registry import MODELS

__all__ = ['VideoResNet3d']

# torchvision's own initialization of convolutions.
INIT = dict(type='Kaiming', layer='Conv3d', mode='fan_out')


@MODELS.register_module()
class VideoResNet3d(BaseModule):
    """A ResNet of two-convolution blocks in which every 3x3 kernel is 3x3x3.

    The stem is a 3x7x7 convolution with a spatial stride of 2; there is no max-pool. Stages 2 to 4
    have stride 2 in time and space: 16 frames of 112x112 become maps of 2 x 7 x 7. With 400 classes
    R3D-18 has 33 371 472 parameters, as published.

    Parameters have torchvision's names, so that its published weights of ``r3d_18`` load.
    mmaction2's ``ResNet3d`` can have the same layers under other names.

    Source: Tran et al., "A Closer Look at Spatiotemporal Convolutions for Action Recognition",
    section 3.2 and Table 1; stem and strides as in torchvision.

    Args:
        blocks: The number of blocks of each stage: (2, 2, 2, 2) is R3D-18, (3, 4, 6, 3) is R3D-34.
        base_channels: The width of the stem and of the first stage; each further stage doubles it.
        in_channels: The channels of a frame.
        norm_cfg: The normalisation; BN if None.
        init_cfg: mmengine's weight initialization; torchvision's if None.

    Attributes:
        feat_dim: The channels of the last feature map, F.
    """

    def __init__(
        self,
        blocks: Sequence[int] = (2, 2, 2, 2),
        base_channels: int = 64,
        in_channels: int = 3,
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg or INIT)
        self.norm_cfg = norm_cfg or dict(type='BN3d')
        self.stem = nn.Sequential(*self.stem_layers(in_channels, base_channels))
        self.res_layers = []
        channels = base_channels
        for stage, depth in enumerate(blocks):
            width = base_channels * 2**stage
            stride = 1 if stage == 0 else 2
            layers = [self._block(channels, width, stride)]
            layers += [self._block(width, width, 1) for _ in range(depth - 1)]
            self.res_layers.append(f'layer{stage + 1}')
            self.add_module(self.res_layers[-1], nn.Sequential(*layers))
            channels = width
        self.feat_dim = channels

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``[N, C, T, H, W]`` to the last feature map ``[N, F, t, h, w]``."""
        x = self.stem(x)
        for name in self.res_layers:
            x = getattr(self, name)(x)
        return x

    def stem_layers(self, in_channels: int, out_channels: int) -> list[nn.Module]:
        """Return the layers before the first stage."""
        conv = nn.Conv3d(in_channels, out_channels, (3, 7, 7), (1, 2, 2), (1, 3, 3), bias=False)
        return [conv, *self.norm_relu(out_channels)]

    def block_conv(
        self, in_channels: int, out_channels: int, stride: int, block: tuple[int, int]
    ) -> nn.Module:
        """Return a convolution of a residual block; ``block`` are the channels of the block."""
        return nn.Conv3d(in_channels, out_channels, 3, stride, padding=1, bias=False)

    def norm_relu(self, channels: int) -> list[nn.Module]:
        """Return a normalisation and a ReLU."""
        return [self.norm(channels), nn.ReLU(inplace=True)]

    def norm(self, channels: int) -> nn.Module:
        """Return a normalisation."""
        return build_norm_layer(self.norm_cfg, channels)[1]

    def _block(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        block = in_channels, out_channels
        first = self.block_conv(in_channels, out_channels, stride, block)
        second = self.block_conv(out_channels, out_channels, 1, block)
        downsample = None
        if stride != 1 or in_channels != out_channels:
            shortcut = nn.Conv3d(in_channels, out_channels, 1, stride, bias=False)
            downsample = nn.Sequential(shortcut, self.norm(out_channels))
        return _Block(
            nn.Sequential(first, *self.norm_relu(out_channels)),
            nn.Sequential(second, self.norm(out_channels)),
            downsample,
        )


class _Block(nn.Module):
    """Two convolutions, each with its normalisation, added to a shortcut; a ReLU ends the block."""

    def __init__(self, conv1: nn.Module, conv2: nn.Module, downsample: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = conv1
        self.conv2 = conv2
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(self.conv2(self.conv1(x)) + shortcut)
