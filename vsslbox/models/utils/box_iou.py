"""The overlap of boxes."""

import torch
from torch import Tensor

__all__ = ['box_iou']


def box_iou(first: Tensor, second: Tensor) -> Tensor:
    """Compute the intersection over union of each pair of boxes; 0 if both are empty.

    Args:
        first: ``[n, 4]``: left, top, right, bottom.
        second: ``[m, 4]``.

    Returns:
        ``[n, m]``.
    """
    low = torch.maximum(first[:, None, :2], second[None, :, :2])
    high = torch.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None] - shared
    return shared / union.clamp(min=torch.finfo(union.dtype).tiny)
