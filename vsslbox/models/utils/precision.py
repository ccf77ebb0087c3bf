"""The precision in which losses are computed."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ['at_least_float32', 'normalized']


def at_least_float32(x: Tensor) -> Tensor:
    """Return ``x`` in float32, or in float64 if it already is."""
    return x if x.dtype == torch.float64 else x.float()


def normalized(x: Tensor) -> Tensor:
    """Return ``x``, ``[..., D]``, with rows of unit L2 norm in at least float32."""
    return F.normalize(at_least_float32(x), dim=-1)
