"""The moving average of an encoder."""

import copy

import torch
from torch import nn

__all__ = ['copy_parameters', 'momentum_copy', 'momentum_update']


def momentum_copy(online: nn.Module) -> nn.Module:
    """A copy of an encoder that no gradient reaches and that has no initialization of its own."""
    average = copy.deepcopy(online).requires_grad_(False)
    for module in average.modules():
        if hasattr(module, 'init_cfg'):
            module.init_cfg = None
    return average


def copy_parameters(online: nn.Module, average: nn.Module) -> None:
    """Make the average equal to the online encoder, buffers included."""
    average.load_state_dict(online.state_dict())


@torch.no_grad()
def momentum_update(online: nn.Module, average: nn.Module, momentum: float) -> None:
    r"""Move the average towards the online encoder, :math:`k \leftarrow m k + (1 - m) q`.

    Only parameters move: the BatchNorm statistics of the average are its own.

    Source: He et al., "Momentum Contrast", eq. 2.

    Args:
        online: The encoder that the optimizer trains.
        average: Its moving average, changed in place.
        momentum: The share that is kept, m; 0.999 in VCLR.
    """
    for new, old in zip(online.parameters(), average.parameters(), strict=True):
        old.lerp_(new, 1 - momentum)
