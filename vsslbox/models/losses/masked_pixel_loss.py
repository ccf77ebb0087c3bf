"""The loss of VideoMAE: the pixels of hidden cubes."""

import torch
from torch import Tensor, nn

from vsslbox.models.utils.precision import at_least_float32
from vsslbox.registry import MODELS

__all__ = ['MaskedPixelLoss', 'masked_pixel_error', 'normalized_cubes', 'pixel_cubes']

EPSILON = 1e-6


def pixel_cubes(clips: Tensor, cube: tuple[int, int, int]) -> Tensor:
    """Cut clips into cubes of P pixels.

    Args:
        clips: ``[N, C, T, H, W]``.
        cube: The frames, rows and columns of a cube.

    Returns:
        ``[N, L, P, C]``, cubes and the pixels in a cube in the order of time, row, column.

    Examples:
        >>> clip = torch.arange(8).view(1, 1, 1, 2, 4)
        >>> pixel_cubes(clip, (1, 2, 2))[0, :, :, 0].tolist()
        [[0, 1, 4, 5], [2, 3, 6, 7]]
    """
    for axis, size in zip((2, 4, 6), cube, strict=True):
        clips = clips.unflatten(axis, (-1, size))
    # [N, C, t, p0, h, p1, w, p2]
    return clips.permute(0, 2, 4, 6, 3, 5, 7, 1).flatten(4, 6).flatten(1, 3)


def normalized_cubes(cubes: Tensor) -> Tensor:
    r"""Normalise each colour of each cube by its own mean and deviation.

    .. math:: \frac{x - \mu}{\sqrt{\frac{1}{P - 1} \sum_p (x_p - \mu)^2} + 10^{-6}}

    Source: Tong et al., "VideoMAE", appendix, and the authors' code, whose pixels are in [0, 1].

    Args:
        cubes: ``[N, L, P, C]``.

    Returns:
        ``[N, L, P, C]`` in at least float32.

    Examples:
        >>> cubes = torch.tensor([0.0, 0.5, 1.0]).view(1, 1, 3, 1)
        >>> [round(value, 4) for value in normalized_cubes(cubes).flatten().tolist()]
        [-1.0, 0.0, 1.0]
    """
    cubes = at_least_float32(cubes)
    return (cubes - cubes.mean(dim=2, keepdim=True)) / (cubes.std(dim=2, keepdim=True) + EPSILON)


def masked_pixel_error(predictions: Tensor, targets: Tensor, is_hidden: Tensor) -> Tensor:
    """Average the squared errors of the cubes that were hidden.

    Args:
        predictions: ``[N, M, D]``.
        targets: ``[N, M, D]``.
        is_hidden: Which of the cubes count, ``[N, M]``. With the same number in each sample,
            several processes average to what one computes.

    Returns:
        A scalar in at least float32.

    Examples:
        >>> predictions = torch.tensor([[[1.0, 2.0], [9.0, 9.0]]])
        >>> masked_pixel_error(predictions, 0 * predictions, torch.tensor([[True, False]])).item()
        2.5
    """
    errors = (at_least_float32(predictions) - targets).square().mean(dim=2)
    return (errors * is_hidden).sum() / is_hidden.sum()


@MODELS.register_module()
class MaskedPixelLoss(nn.Module):
    """Compare predicted with normalised cubes: :func:`masked_pixel_error`.

    Args:
        normalize: Whether cubes are normalised: :func:`normalized_cubes`.

    Examples:
        >>> cubes, hidden = torch.tensor([0.0, 1.0]).view(1, 1, 2, 1), torch.tensor([[True]])
        >>> MaskedPixelLoss(normalize=False)(torch.zeros(1, 1, 2), cubes, hidden).item()
        0.5
    """

    def __init__(self, normalize: bool = True) -> None:
        super().__init__()
        self.normalize = normalize

    def forward(self, predictions: Tensor, cubes: Tensor, is_hidden: Tensor) -> Tensor:
        """Compute the loss.

        Args:
            predictions: ``[N, M, P * C]``, the colours of a pixel side by side.
            cubes: Pixels in [0, 1], ``[N, M, P, C]``.
            is_hidden: As for :func:`masked_pixel_error`.
        """
        with torch.no_grad():
            targets = normalized_cubes(cubes) if self.normalize else cubes
        return masked_pixel_error(predictions, targets.flatten(2), is_hidden)
