"""S3D and S3D-G: Inception with convolutions split into space and time."""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from mmcv.cnn import build_norm_layer
from mmengine.model import Sequential
from torch import Tensor, nn

from vsslbox.registry import MODELS

__all__ = ['S3D']

# Widths of an inception unit: a 1x1x1 branch; two branches of a 1x1x1 and a separable 3x3x3
# convolution; a branch of a max-pool and a 1x1x1 convolution.
STAGES = (
    dict(
        MaxPool_3a=((1, 3, 3), (1, 2, 2), (0, 1, 1)),
        Mixed_3b=(64, 96, 128, 16, 32, 32),
        Mixed_3c=(128, 128, 192, 32, 96, 64),
    ),
    dict(
        MaxPool_4a=((3, 3, 3), (2, 2, 2), (1, 1, 1)),
        Mixed_4b=(192, 96, 208, 16, 48, 64),
        Mixed_4c=(160, 112, 224, 24, 64, 64),
        Mixed_4d=(128, 128, 256, 24, 64, 64),
        Mixed_4e=(112, 144, 288, 32, 64, 64),
        Mixed_4f=(256, 160, 320, 32, 128, 128),
    ),
    dict(
        MaxPool_5a=((2, 2, 2), (2, 2, 2), (0, 0, 0)),
        Mixed_5b=(256, 160, 320, 32, 128, 128),
        Mixed_5c=(384, 192, 384, 48, 128, 128),
    ),
)
INIT = dict(type='Normal', layer='Conv3d', std=0.01)


@MODELS.register_module()
class S3D(Sequential):
    """An Inception network whose 3D convolutions are split into a spatial and a temporal one.

    BN and ReLU follow each of the two. Clips of 32 frames of 128x128 become maps of
    1024 x 4 x 4 x 4. The trunk has 7 910 048 parameters; S3D-G, with gates, has 9 098 000. Modules
    have the names of the authors' code and of that of CoCLR, whose published weights load
    (``prefix='module.encoder_q.0.'``).

    Source: Xie et al., "Rethinking Spatiotemporal Feature Learning"; BatchNorm with torch's
    defaults and normal initial weights following the code of CoCLR's authors.

    Args:
        gating: Whether each branch of an inception unit ends with a gate (S3D-G): its channels are
            multiplied by the sigmoid of a linear function of their means over time and space.
        width: The factor of all widths.
        in_channels: The channels of a frame.
        stem_stride_t: The temporal stride of the stem: 2, or 1 to keep twice as many frames.
        norm_cfg: The normalisation; BN if None.
        init_cfg: mmengine's weight initialization; as above if None.

    Attributes:
        feat_dim: The channels of the last feature map, F.
    """

    def __init__(
        self,
        gating: bool = False,
        width: float = 1.0,
        in_channels: int = 3,
        stem_stride_t: int = 2,
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        norm = norm_cfg or dict(type='BN3d')
        stem, channels = round(64 * width), round(192 * width)
        layers: dict[str, nn.Module] = dict(
            Conv_1a=_Separable(in_channels, stem, 7, (stem_stride_t, 2), norm),
            MaxPool_2a=nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            Conv_2b=_Pointwise(stem, stem, norm),
            Conv_2c=_Separable(stem, channels, 3, (1, 1), norm),
        )
        for stage in STAGES:
            for name, numbers in stage.items():
                if name.startswith('MaxPool'):
                    layers[name] = nn.MaxPool3d(*numbers)
                else:
                    widths = [round(number * width) for number in numbers]
                    layers[name] = _Inception(channels, widths, gating, norm)
                    channels = layers[name].out_channels
        super().__init__(OrderedDict(layers), init_cfg=init_cfg or INIT)
        self.feat_dim = channels

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``[N, C, T, H, W]`` to the last feature map ``[N, F, t, h, w]``."""
        return super().forward(x)


class _Pointwise(nn.Module):
    """A 1x1x1 convolution, BN, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, norm_cfg: dict) -> None:
        super().__init__()
        self.conv = nn.Conv3d(in_channels, out_channels, 1, bias=False)
        self.bn = build_norm_layer(norm_cfg, out_channels)[1]
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.bn(self.conv(x)))


class _Separable(nn.Module):
    """A 1xkxk convolution and a kx1x1 convolution, each with BN and ReLU."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        strides: tuple[int, int],
        norm_cfg: dict,
    ) -> None:
        super().__init__()
        (stride_t, stride_s), pad = strides, kernel // 2
        self.conv1 = nn.Conv3d(
            in_channels,
            out_channels,
            (1, kernel, kernel),
            (1, stride_s, stride_s),
            (0, pad, pad),
            bias=False,
        )
        self.bn1 = build_norm_layer(norm_cfg, out_channels)[1]
        self.conv2 = nn.Conv3d(
            out_channels, out_channels, (kernel, 1, 1), (stride_t, 1, 1), (pad, 0, 0), bias=False
        )
        self.bn2 = build_norm_layer(norm_cfg, out_channels)[1]
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(x)))


class _Inception(nn.Module):
    """Four branches whose outputs are concatenated; each may end with a gate."""

    def __init__(
        self, in_channels: int, widths: Sequence[int], gating: bool, norm_cfg: dict
    ) -> None:
        super().__init__()
        only, before1, after1, before2, after2, pooled = widths
        self.branch0 = nn.Sequential(_Pointwise(in_channels, only, norm_cfg))
        self.branch1 = nn.Sequential(
            _Pointwise(in_channels, before1, norm_cfg),
            _Separable(before1, after1, 3, (1, 1), norm_cfg),
        )
        self.branch2 = nn.Sequential(
            _Pointwise(in_channels, before2, norm_cfg),
            _Separable(before2, after2, 3, (1, 1), norm_cfg),
        )
        self.branch3 = nn.Sequential(
            nn.MaxPool3d(3, stride=1, padding=1), _Pointwise(in_channels, pooled, norm_cfg)
        )
        self.gating = gating
        if gating:
            for number, channels in enumerate((only, after1, after2, pooled)):
                self.add_module(f'gating_b{number}', _Gate(channels))
        self.out_channels = only + after1 + after2 + pooled

    def forward(self, x: Tensor) -> Tensor:
        outputs = []
        for number in range(4):
            branch = getattr(self, f'branch{number}')(x)
            outputs.append(getattr(self, f'gating_b{number}')(branch) if self.gating else branch)
        return torch.cat(outputs, dim=1)


class _Gate(nn.Module):
    """The gate of S3D-G."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        weights = self.fc(x.mean(dim=(2, 3, 4))).sigmoid()
        return weights[:, :, None, None, None] * x
