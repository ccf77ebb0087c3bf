"""Features of clips that need no network: what a trained one has to beat."""

import torch
from torch import Tensor

__all__ = ['colour_histogram', 'motion_histogram']

COLOUR_BINS = 8  # of each channel
GRID = 4  # cells along each side of a frame
# The bounds of the bins of a change in grey, of 255, between successive frames.
CHANGES = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


def colour_histogram(clips: Tensor) -> Tensor:
    """Compute how often each of 8 x 8 x 8 colours occurs.

    Args:
        clips: RGB in [0, 255], ``[N, 3, T, H, W]``.

    Returns:
        The square roots of the shares, of length 1, ``[N, 512]``.
    """
    levels = (clips.float() * (COLOUR_BINS / 256)).long().clamp_(0, COLOUR_BINS - 1).flatten(2)
    colours = (levels[:, 0] * COLOUR_BINS + levels[:, 1]) * COLOUR_BINS + levels[:, 2]
    return _shares(colours, COLOUR_BINS**3).sqrt()


def motion_histogram(clips: Tensor) -> Tensor:
    """Compute how often grey changes how much between successive frames, in 4 x 4 cells.

    Args:
        clips: RGB in [0, 255], ``[N, 3, T, H, W]``. A single frame has no changes.

    Returns:
        The square roots of the shares, of length 1, ``[N, 112]``.
    """
    grey = clips.float().sum(dim=1)  # three times grey, in whole numbers
    if grey.shape[1] == 1:
        grey = grey.expand(-1, 2, -1, -1)
    changes = (grey[:, 1:] - grey[:, :-1]).abs_()
    bins = torch.bucketize(changes, 3 * changes.new_tensor(CHANGES), right=True)
    height, width = bins.shape[2:]
    rows = torch.arange(height, device=bins.device) * GRID // height
    columns = torch.arange(width, device=bins.device) * GRID // width
    cells = rows[:, None] * GRID + columns
    number = len(CHANGES) + 1
    return _shares((cells * number + bins).flatten(1), GRID**2 * number).sqrt()


def _shares(values: Tensor, number: int) -> Tensor:
    """Return the share of each value below ``number`` in each row, ``[N, number]``."""
    counts = [row.bincount(minlength=number) for row in values]
    return torch.stack(counts).float() / values.shape[1]
