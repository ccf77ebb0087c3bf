"""How well the moments of two videos correspond."""

import torch
from torch import Tensor

__all__ = ['cycle_consistency', 'kendall_tau']


def kendall_tau(similarities: Tensor) -> Tensor:
    """Compute Kendall's tau of the moments of one video and the nearest ones of another.

    Of two moments of the first video, the nearest ones of the second are in the same order
    (concordant), in the other order (discordant) or the same (neither): tau = (concordant -
    discordant) / (M (M - 1) / 2).

    Source: Dwibedi et al., "Temporal Cycle-Consistency Learning" (CVPR 2019), section 4.2.

    Args:
        similarities: Of the moments of the first video to those of the second, both in the order
            of time, ``[..., M, L]`` with M >= 2.

    Returns:
        Values in [-1, 1], float64 ``[...]``: 1 for the same order everywhere, -1 for the reverse,
        and 0 if all have the same nearest moment.
    """
    nearest = similarities.argmax(dim=-1)
    number = nearest.shape[-1]
    signs = (nearest[..., None, :] - nearest[..., :, None]).sign().double()
    return signs.triu(1).sum(dim=(-2, -1)) / (number * (number - 1) / 2)


def cycle_consistency(similarities: Tensor) -> Tensor:
    """Compute how many moments of one video are the nearest of their nearest in another.

    Source: the cycles of Dwibedi et al., "Temporal Cycle-Consistency Learning" (CVPR 2019), section
    3.1, without their softness. If all similarities are independent and alike, M / (M + L - 1) of
    the moments are.

    Args:
        similarities: As for :func:`kendall_tau`.

    Returns:
        The share of the moments, float64 ``[...]``.
    """
    nearest = similarities.argmax(dim=-1)
    back = similarities.argmax(dim=-2).gather(-1, nearest)
    moments = torch.arange(nearest.shape[-1], device=nearest.device)
    return (back == moments).double().mean(dim=-1)
