"""Layers whose output has ``ceil(input / stride)`` positions, as TensorFlow's ``SAME``."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ['SameConv3d', 'SameMaxPool3d', 'same_padding']


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Return the numbers of positions to add before and after an axis.

    Of an odd number, one more goes to the end: with stride 2 the result depends on whether the size
    is even.

    Args:
        size: The length of the axis.
        kernel: The length of the kernel.
        stride: The step of the kernel.
        dilation: The distance between the kernel's elements.
    """
    num_outputs = -(-size // stride)
    reach = dilation * (kernel - 1) + 1
    total = max((num_outputs - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


class SameConv3d(nn.Conv3d):
    """A 3D convolution that ignores ``padding`` and pads with zeros by :func:`same_padding`."""

    def forward(self, x: Tensor) -> Tensor:
        """Convolve ``[N, C, T, H, W]``."""
        pads = _pads(x, self.kernel_size, self.stride, self.dilation)
        padding = tuple(before for before, _ in pads)
        if any(before != after for before, after in pads):  # F.conv3d pads both sides alike
            x, padding = _pad(x, pads, value=0.0), 0
        return F.conv3d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class SameMaxPool3d(nn.MaxPool3d):
    """A 3D max-pool that ignores ``padding`` and pads by :func:`same_padding`."""

    def forward(self, x: Tensor) -> Tensor:
        """Pool ``[N, C, T, H, W]``."""
        pads = _pads(x, self.kernel_size, self.stride, (1, 1, 1))
        return F.max_pool3d(_pad(x, pads, value=-torch.inf), self.kernel_size, self.stride)


def _pads(x: Tensor, kernel: tuple, stride: tuple, dilation: tuple) -> list[tuple[int, int]]:
    axes = zip(x.shape[2:], kernel, stride, dilation, strict=True)
    return [same_padding(*axis) for axis in axes]


def _pad(x: Tensor, pads: list[tuple[int, int]], value: float) -> Tensor:
    last_axis_first = [amount for pair in reversed(pads) for amount in pair]
    return F.pad(x, last_axis_first, value=value)
