"""Mixed precision without loss scaling, on CPUs too."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.optim import OptimWrapper
from torch import Tensor, nn

from vsslbox.compat import SmallConvolutionsInFloat32
from vsslbox.registry import OPTIM_WRAPPERS

__all__ = ['Bfloat16OptimWrapper']


@OPTIM_WRAPPERS.register_module()
class Bfloat16OptimWrapper(OptimWrapper):
    """Run the forward pass in bfloat16 where that is safe, on any device.

    bfloat16 has the range of float32, so no loss scaling is needed; mmengine's ``AmpOptimWrapper``
    (float16) asks for an accelerator.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Enable autocast to bfloat16."""
        with super().optim_context(model), torch.autocast(get_device(), dtype=torch.bfloat16):
            yield

    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        """Add the gradients of the loss to those of the weights."""
        if loss.device.type != 'cpu':
            return super().backward(loss, **kwargs)
        with SmallConvolutionsInFloat32():
            super().backward(loss, **kwargs)
