"""The moving average of a module."""

import copy

import torch
from torch import nn

__all__ = ['momentum_copy', 'momentum_update']


def momentum_copy(online: nn.Module) -> nn.Module:
    """Copy a module; no gradient reaches the copy, and it has no initialization of its own."""
    average = copy.deepcopy(online).requires_grad_(False)
    for module in average.modules():
        if hasattr(module, 'init_cfg'):
            module.init_cfg = None
    return average


@torch.no_grad()
def momentum_update(online: nn.Module, average: nn.Module, momentum: float) -> None:
    r"""Move the average towards the online module, :math:`k \leftarrow m k + (1 - m) q`.

    Only parameters move: the BatchNorm statistics of the average are its own.

    Source: He et al., "Momentum Contrast", eq. 2.

    Args:
        online: The module that the optimizer trains, with parameters q.
        average: Its moving average with parameters k, changed in place.
        momentum: The share that is kept, m; 0.999 in VCLR.
    """
    for new, old in zip(online.parameters(), average.parameters(), strict=True):
        old.lerp_(new, 1 - momentum)
