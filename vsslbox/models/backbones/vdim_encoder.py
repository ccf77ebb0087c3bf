"""The encoder of VDIM."""

from collections.abc import Sequence
from typing import NamedTuple

import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.registry import MODELS

__all__ = ['SpaceTimeResBlock', 'VDIMEncoder', 'receptive_field']


class _Layer(NamedTuple):
    width: int  # in units of `base_channels`
    kernel_s: int
    stride_s: int
    kernel_t: int
    stride_t: int


# The first two layers are plain convolutions, the others begin with a residual block.
LAYERS = (
    _Layer(1, 5, 2, 5, 2),
    _Layer(1, 3, 1, 3, 1),
    _Layer(2, 4, 2, 1, 1),
    _Layer(4, 4, 2, 1, 1),
    _Layer(8, 2, 2, 2, 2),
    _Layer(8, 3, 1, 3, 1),
    _Layer(8, 3, 1, 3, 1),
    _Layer(8, 3, 1, 3, 1),
)
NUM_PLAIN = 2
PADDING = 2  # on each side of every axis, before the first layer only


@MODELS.register_module()
class VDIMEncoder(BaseModule):
    """AMDIM's encoder with a temporal convolution after every spatial one.

    Only the input is padded, by reflection, so that every position of a feature map sees its own
    part of the clip only. The maps of a clip ``[3, 32, 128, 128]`` with the paper's width, and the
    receptive field of a position (frames x pixels):

    ===== ================== ===============
    layer output             receptive field
    ===== ================== ===============
    1     64 x 16 x 64 x 64  5 x 5
    2     64 x 14 x 62 x 62  9 x 9
    3     128 x 14 x 30 x 30 9 x 15
    4     256 x 14 x 14 x 14 9 x 27
    5     512 x 7 x 7 x 7    11 x 35
    6     512 x 5 x 5 x 5    19 x 67
    7     512 x 3 x 3 x 3    27 x 99
    8     512 x 1 x 1 x 1    35 x 131
    ===== ================== ===============

    The paper's table has columns that contradict its shapes. This is the only reading with these
    shapes and, with a :class:`ResidualMLPNeck` on the last map, the paper's 17.3 million parameters
    (17 294 016 weights of convolutions, 16 507 584 of them here). The paper does not say where
    ReLUs are; this follows AMDIM: one after each plain convolution, none after a sum.

    Source: Devon Hjelm and Bachman, "Representation Learning with Video Deep InfoMax", table 1;
    Bachman et al., "Learning Representations by Maximizing Mutual Information Across Views".

    Args:
        in_channels: The channels of a frame.
        base_channels: The width of the first two layers.
        extra_blocks: The number of 1x1x1 residual blocks after the first one of a layer; the two
            plain layers and the last one have none.
        layers: For each layer its width in units of ``base_channels``, its kernel and stride in
            space, and those in time. Without the fourth layer, clips of 64x64 pixels suffice.
        norm_cfg: The normalisation of the last map, the only one in the network; BN if None.
        init_cfg: mmengine's weight initialization; None leaves torch's own, with residual
            branches that start at zero.
        norm_is_layer: Whether the normalisation counts as a layer of its own, as in AMDIM's list of
            layers: the 9th, after an 8th that is not normalised. If not, the 8th is normalised.

    Attributes:
        feat_dim: The channels of the last feature map, F.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        extra_blocks: int = 3,
        layers: Sequence[Sequence[int]] = LAYERS,
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
        norm_is_layer: bool = False,
    ) -> None:
        super().__init__(init_cfg)
        self.num_taps = len(layers) + norm_is_layer
        self.plan = [_Layer(*layer) for layer in layers]
        self.layers = nn.ModuleList()
        channels = in_channels
        for number, (width, kernel_s, stride_s, kernel_t, stride_t) in enumerate(self.plan, 1):
            width *= base_channels
            space, time = _space_and_time(channels, width, kernel_s, stride_s, kernel_t, stride_t)
            if number <= NUM_PLAIN:
                blocks = [space, nn.ReLU(inplace=True), time, nn.ReLU(inplace=True)]
            else:
                blocks = [SpaceTimeResBlock(space, time)]
                num_others = extra_blocks if number < len(self.plan) else 0
                for _ in range(num_others):
                    pointwise = _space_and_time(width, width, 1, 1, 1, 1)
                    blocks.append(SpaceTimeResBlock(*pointwise))
            self.layers.append(nn.Sequential(*blocks))
            channels = width
        self.norm = build_norm_layer(norm_cfg or dict(type='BN3d'), channels)[1]
        self.feat_dim = channels

    def forward(self, x: Tensor) -> Tensor:
        """Compute the last feature map of clips, normalised.

        Args:
            x: ``[N, C, T, H, W]``, of at least 31 frames and 127x127 pixels.

        Returns:
            ``[N, F, t, h, w]``; ``[N, F, 1, 1, 1]`` for clips of 32 frames and 128x128 pixels.

        Raises:
            InputError: The clips are smaller.
        """
        return self.extract(x, [self.num_taps])[self.num_taps]

    def extract(self, x: Tensor, taps: Sequence[int] = (5, 6, 8)) -> dict[int, Tensor]:
        """Compute the feature maps of several layers, and nothing above the highest of them.

        Args:
            x: ``[N, C, T, H, W]``.
            taps: The layers, counted from 1. Only the last one is normalised.

        Returns:
            A map ``[N, c, t, h, w]`` for each layer.

        Raises:
            InputError: There is no such layer, or the clips are too small for it.
        """
        unknown = [tap for tap in taps if tap not in range(1, self.num_taps + 1)]
        if unknown or not taps:
            raise InputError(f'taps must be layers from 1 to {self.num_taps}, got {list(taps)}')
        highest = max(taps)
        _check_size(x, self.plan[:highest])
        x = F.pad(x, [PADDING] * 6, mode='reflect')
        found = {}
        for number, layer in enumerate(self.layers[:highest], 1):
            x = layer(x)
            if number in taps:
                found[number] = x
        if highest == self.num_taps:
            found[highest] = self.norm(x)
        return found


class SpaceTimeResBlock(nn.Module):
    """A spatial convolution, ReLU, a temporal convolution, and a shortcut without weights.

    The shortcut averages over the receptive field of both kernels, with their strides; channels
    that the input lacks are zero. The temporal convolution starts at zero: at first, the block is
    its shortcut.

    Source: Bachman et al., "Learning Representations by Maximizing Mutual Information Across
    Views", and the authors' code; VDIM adds the time.

    Args:
        space: The convolution with a kernel ``(1, k, k)``.
        time: The convolution with a kernel ``(k, 1, 1)``, with at least the channels of the input.
    """

    def __init__(self, space: nn.Conv3d, time: nn.Conv3d) -> None:
        super().__init__()
        self.space = space
        self.relu = nn.ReLU(inplace=True)
        self.time = time
        kernel = (time.kernel_size[0], *space.kernel_size[1:])
        stride = (time.stride[0], *space.stride[1:])
        self.pool = nn.AvgPool3d(kernel, stride) if max(kernel) > 1 else nn.Identity()
        self.new_channels = time.out_channels - space.in_channels
        nn.init.zeros_(time.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[N, C, T, H, W]`` to ``[N, out_channels, t, h, w]``."""
        shortcut = self.pool(x)
        if self.new_channels:
            shortcut = F.pad(shortcut, (0, 0, 0, 0, 0, 0, 0, self.new_channels))
        return shortcut + self.time(self.relu(self.space(x)))


def receptive_field(layers: Sequence[_Layer]) -> tuple[int, int]:
    """Return the frames, and the pixels in height and width, that a position sees after layers."""
    frames = pixels = jump_t = jump_s = 1
    for _, kernel_s, stride_s, kernel_t, stride_t in layers:
        frames += (kernel_t - 1) * jump_t
        pixels += (kernel_s - 1) * jump_s
        jump_t *= stride_t
        jump_s *= stride_s
    return frames, pixels


def _space_and_time(
    in_channels: int, out_channels: int, kernel_s: int, stride_s: int, kernel_t: int, stride_t: int
) -> tuple[nn.Conv3d, nn.Conv3d]:
    """Build both convolutions of a block, without bias and padding."""
    strides = (1, stride_s, stride_s), (stride_t, 1, 1)
    space = nn.Conv3d(in_channels, out_channels, (1, kernel_s, kernel_s), strides[0], bias=False)
    time = nn.Conv3d(out_channels, out_channels, (kernel_t, 1, 1), strides[1], bias=False)
    return space, time


def _check_size(x: Tensor, layers: Sequence[_Layer]) -> None:
    frames, pixels = (max(size - 2 * PADDING, PADDING + 1) for size in receptive_field(layers))
    num_frames, height, width = x.shape[2:]
    if num_frames < frames or min(height, width) < pixels:
        raise InputError(
            f'layer {len(layers)} of VDIMEncoder needs clips of at least {frames} frames and '
            f'{pixels}x{pixels} pixels, got {num_frames} frames of {height}x{width}'
        )
