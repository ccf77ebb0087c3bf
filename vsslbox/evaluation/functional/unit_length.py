"""Scaling of features to the length 1."""

import torch
from torch import Tensor

__all__ = ['unit_rows']


def unit_rows(rows: Tensor) -> Tensor:
    """Scale rows to the length 1, in float64.

    Lengths have no lower bound, such as the 1e-12 of torch's ``normalize``: the features of a
    random S3D, whose layers shrink their inputs, have lengths of 1e-16.

    Args:
        rows: ``[N, F]``.

    Returns:
        ``[N, F]``, on the same device; rows of zeros stay as they are.
    """
    lengths = torch.linalg.vector_norm(rows, dim=1, keepdim=True, dtype=torch.float64)
    return rows / lengths.masked_fill(lengths == 0, 1)
