"""The initial weights of V-JEPA's transformers."""

import math

import torch
from mmengine.model import TruncNormalInit
from torch import nn

from vsslbox.registry import WEIGHT_INITIALIZERS

__all__ = ['DepthScaledNormal']


@WEIGHT_INITIALIZERS.register_module()
class DepthScaledNormal(TruncNormalInit):
    r"""A truncated normal law, with smaller weights at the end of the branches of later blocks.

    Weights of linear layers and of the patches are drawn from it, biases are 0. Those of
    ``attn.proj`` and ``mlp.fc2`` of block i, counted from 1, are then divided by
    :math:`\sqrt{2 i}`.

    Source: the code of Bardes et al., "Revisiting Feature Prediction for Learning Visual
    Representations from Video".

    Args:
        std: The standard deviation.
    """

    def __init__(self, std: float = 0.02) -> None:
        super().__init__(std=std, layer=['Linear', 'Conv3d'])

    @torch.no_grad()
    def __call__(self, module: nn.Module) -> None:
        """Initialise the module, whose blocks are in lists of modules."""
        super().__call__(module)
        for blocks in (part for part in module.modules() if isinstance(part, nn.ModuleList)):
            for number, block in enumerate(blocks, start=1):
                for last in ('attn.proj.weight', 'mlp.fc2.weight'):
                    block.get_parameter(last).div_(math.sqrt(2 * number))
