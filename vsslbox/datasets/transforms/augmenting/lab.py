"""Conversion between sRGB and CIE Lab in plain arithmetic on tensors."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import TypeVar

import numpy as np
import torch

__all__ = ['decode_srgb', 'encode_srgb', 'lab_to_rgb', 'rgb_to_lab']

Array = TypeVar('Array', np.ndarray, torch.Tensor)

# sRGB with the white point D65: linear RGB to CIE XYZ, and the XYZ of a perfect white.
_RGB_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_XYZ_TO_RGB = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)
_WHITE = (0.95047, 1.0, 1.08883)
_KNEE = 6 / 29  # where the cube root of CIE Lab turns into a straight line


def decode_srgb(values: Array, where: Callable[..., Array]) -> Array:
    """Compute linear light in [0, 1] from sRGB in [0, 1], with the ``where`` of numpy or torch."""
    return where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def encode_srgb(linear: Array, where: Callable[..., Array]) -> Array:
    """Compute sRGB in [0, 1] from linear light in [0, 1], with the ``where`` of numpy or torch."""
    return where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def rgb_to_lab(clips: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Convert clips ``[M, 3, T, H, W]``, sRGB in [0, 255], to L, a and b ``[M, 1, T, H, W]``."""
    linear = decode_srgb(clips / 255, torch.where)
    x, y, z = (
        _cube_root(coordinate / white)
        for coordinate, white in zip(_mix(linear.split(1, dim=1), _RGB_TO_XYZ), _WHITE)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def lab_to_rgb(lightness: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Convert L, a and b back to sRGB in [0, 255]; colours that it cannot show are clipped."""
    y = (lightness + 16) / 116
    xyz = [white * _cube(root) for root, white in zip((y + a / 500, y, y - b / 200), _WHITE)]
    linear = torch.cat(_mix(xyz, _XYZ_TO_RGB), dim=1).clamp(0, 1)
    return 255 * encode_srgb(linear, torch.where)


def _cube_root(values: torch.Tensor) -> torch.Tensor:
    line = values / (3 * _KNEE**2) + 4 / 29
    return torch.where(values > _KNEE**3, values.clamp(min=0) ** (1 / 3), line)


def _cube(values: torch.Tensor) -> torch.Tensor:
    return torch.where(values > _KNEE, values**3, 3 * _KNEE**2 * (values - 4 / 29))


def _mix(
    channels: Sequence[torch.Tensor], matrix: tuple[tuple[float, ...], ...]
) -> list[torch.Tensor]:
    """Multiply colours by a matrix; no matrix product, whose precision depends on the device."""
    return [reduce(torch.add, (c * weight for c, weight in zip(channels, row))) for row in matrix]
