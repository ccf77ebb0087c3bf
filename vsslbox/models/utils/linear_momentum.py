"""A momentum that rises along a straight line."""

from torch import nn

from vsslbox.errors import InputError
from vsslbox.registry import MODELS

__all__ = ['LinearMomentum']


@MODELS.register_module()
class LinearMomentum(nn.Module):
    r"""The momentum of a moving average as a function of the progress of training.

    .. math:: m(k) = m_0 + (m_1 - m_0) \cdot \frac{k}{s K}

    with k the steps that are done, K all of them, and the stretch s of the schedule.

    Source: Bardes et al., "Revisiting Feature Prediction for Learning Visual Representations from
    Video", appendix C; the stretch follows the authors' code.

    Args:
        base: The momentum at the first step, m_0.
        end: The momentum at the end of the schedule, m_1.
        stretch: The length of the schedule, s, in lengths of the training; at least 1. With 1.25
            the training ends where the schedule has done four fifths of its way.
    """

    def __init__(self, base: float = 0.998, end: float = 1.0, stretch: float = 1.0) -> None:
        super().__init__()
        if not (0 <= base <= 1 and 0 <= end <= 1):
            raise InputError(
                f'base and end of LinearMomentum must be within [0, 1], got {base} and {end}'
            )
        if stretch < 1:
            raise InputError(f'stretch of LinearMomentum must be at least 1, got {stretch}')
        self.base = base
        self.end = end
        self.stretch = stretch

    def forward(self, progress: float) -> float:
        """Return the momentum of a step; ``progress`` is k / K."""
        return self.base + (self.end - self.base) * progress / self.stretch

    def extra_repr(self) -> str:
        """Show the line when printed."""
        return f'base={self.base}, end={self.end}, stretch={self.stretch}'
