"""A momentum that rises along a cosine."""

import math

from torch import nn

from vsslbox.errors import InputError
from vsslbox.registry import MODELS

__all__ = ['CosineMomentum']


@MODELS.register_module()
class CosineMomentum(nn.Module):
    r"""The momentum of a moving average as a function of the progress of training.

    .. math:: m(k) = m_1 - (m_1 - m_0) \cdot \frac{\cos(\pi k / K) + 1}{2}

    with k the steps that are done and K all of them.

    Source: Grill et al., "Bootstrap Your Own Latent", section 3.2.

    Args:
        base: The momentum at the first step, m_0.
        end: The momentum that it approaches, m_1.
    """

    def __init__(self, base: float = 0.996, end: float = 1.0) -> None:
        super().__init__()
        if not (0 <= base <= 1 and 0 <= end <= 1):
            raise InputError(
                f'base and end of CosineMomentum must be within [0, 1], got {base} and {end}'
            )
        self.base = base
        self.end = end

    def forward(self, progress: float) -> float:
        """Return the momentum of a step; ``progress`` is k / K."""
        return self.end - (self.end - self.base) * (math.cos(math.pi * progress) + 1) / 2

    def extra_repr(self) -> str:
        """Show the two ends when printed."""
        return f'base={self.base}, end={self.end}'
