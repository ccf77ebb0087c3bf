"""The weights of convolutions in the layout that suits bfloat16."""

import torch
from torch import nn

from vsslbox.errors import InputError

__all__ = ['arrange_channels_last']

_LAYOUTS = {4: torch.channels_last, 5: torch.channels_last_3d}  # by the dimensions of a weight


def arrange_channels_last(model: nn.Module) -> None:
    """Let the weights of a model's convolutions lie in memory with the channels last, in place.

    torch then gives the maps of features that layout too. Values, shapes and names do not change.

    Raises:
        InputError: The model has no convolutions.
    """
    weights = [weight for weight in model.parameters() if weight.dim() in _LAYOUTS]
    if not weights:
        raise InputError(
            f'`channels_last` arranges the weights of convolutions; {type(model).__name__} has none'
        )
    for weight in weights:
        weight.data = weight.data.contiguous(memory_format=_LAYOUTS[weight.dim()])
