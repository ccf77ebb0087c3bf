"""Weight initialization by TensorFlow's variance scaling."""

import math

from torch import Tensor, nn

__all__ = ['fill_by_fan_in']

# The standard deviation of a unit normal distribution truncated at -2 and 2.
TRUNCATED_STD = 0.87962566103423978


def fill_by_fan_in(weight: Tensor) -> None:
    """Draw weights of variance 1 / fan-in from a normal distribution truncated at two deviations.

    Args:
        weight: ``[out, in, ...]``, filled in place.
    """
    std = math.sqrt(1 / weight[0].numel()) / TRUNCATED_STD
    nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)
