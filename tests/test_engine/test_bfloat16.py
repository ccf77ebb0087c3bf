"""Gradients in bfloat16 are those in float32, but for rounding."""

import pytest
import torch
from torch import nn

from vsslbox.engine.optimizers import Bfloat16OptimWrapper

# The last stages of 3D ResNets on few frames, of ResNets on small pictures, and what is larger.
SHAPES = [
    ((2, 7, 7), (3, 3, 3), 1),
    ((2, 4, 4), (3, 1, 1), 1),
    ((1, 2, 2), (3, 3, 3), 1),
    ((8, 1, 1), (3, 3, 3), 2),
    ((8, 1, 1), (1, 3, 3), 2),
    ((4, 7, 7), (3, 3, 3), 1),
    ((1, 1), (3, 3), 2),
    ((3, 1), (5, 5), 2),
    ((8, 8), (3, 3), 2),
]


def fill_free_memory():
    """Leave large numbers in the memory that the next tensors get."""
    sizes = (16, 64, 256, 1024, 4096, 16384, 65536)
    large = [torch.full((size,), 3e38) for size in sizes for _ in range(8)]
    del large


@pytest.mark.parametrize('channels_last', [False, True], ids=['', 'channels_last'])
@pytest.mark.parametrize('size, kernel, stride', SHAPES)
def test_gradients_of_convolutions_on_cpus(size, kernel, stride, channels_last):
    torch.manual_seed(0)
    layer, layout = (
        (nn.Conv3d, torch.channels_last_3d) if len(size) == 3 else (nn.Conv2d, torch.channels_last)
    )
    layer = layer(16, 16, kernel, stride, tuple(k // 2 for k in kernel))
    layer.to(memory_format=layout if channels_last else torch.contiguous_format)
    inputs = torch.randn(4, 16, *size, requires_grad=True)
    leaves = (inputs, layer.weight, layer.bias)
    outputs = layer(inputs)
    weights = torch.randn_like(outputs)
    expected = torch.autograd.grad((outputs * weights).sum(), leaves)
    wrapper = Bfloat16OptimWrapper(torch.optim.SGD(layer.parameters(), lr=1e-9))
    for _ in range(3):
        fill_free_memory()
        with wrapper.optim_context(layer):
            outputs = layer(inputs)
        assert outputs.dtype == torch.bfloat16
        wrapper.backward((outputs.float() * weights).sum())
        for leaf, gradient in zip(leaves, expected, strict=True):
            assert (leaf.grad - gradient).abs().max() < 0.02 * gradient.abs().max()
            leaf.grad = None
