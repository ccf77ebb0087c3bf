"""Boxes in a crop of a frame."""

from collections.abc import Sequence

import numpy as np

__all__ = ['crop_boxes']


def crop_boxes(
    boxes: np.ndarray,
    size: Sequence[int] | np.ndarray,
    corner: Sequence[int] | np.ndarray,
    crop_size: Sequence[int] | np.ndarray,
) -> np.ndarray:
    """Convert boxes from the normalised coordinates of a frame to those of a crop.

    Args:
        boxes: ``[n, 4]``: left, top, right, bottom in normalised coordinates of the frame.
        size: The frame's height and width in pixels.
        corner: The top and left of the crop in pixels.
        crop_size: The height and width of the crop in pixels.

    Returns:
        ``[n, 4]``; boxes may extend beyond the crop.
    """
    (height, width), (top, left), (new_height, new_width) = size, corner, crop_size
    pixels = boxes * [width, height, width, height] - [left, top, left, top]
    return pixels / [new_width, new_height, new_width, new_height]
