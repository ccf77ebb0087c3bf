"""A camera that shakes, and something before its lens."""

import cv2
import numpy as np

from vsslbox.datasets.corruptions.blur import pixels_of

__all__ = ['occlude', 'shake']


def shake(
    frame: np.ndarray,
    level: tuple[float, float],
    video: np.random.Generator,
    own: np.random.Generator,
) -> np.ndarray:
    """Move and turn each frame by other amounts; the border is mirrored.

    Args:
        frame: uint8 ``[H, W, 3]``.
        level: The range of the offset, half of it to each side, see :func:`pixels_of`; and the
            largest angle in degrees.
        video: Not used.
        own: The generator.
    """
    reach, angle = level
    height, width = frame.shape[:2]
    turned: np.ndarray = cv2.getRotationMatrix2D(
        (width / 2, height / 2), own.uniform(-angle, angle), 1
    )
    turned[:, 2] += pixels_of(frame, reach) * own.uniform(-0.5, 0.5, 2)
    return cv2.warpAffine(
        frame, turned, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )


def occlude(
    frame: np.ndarray, share: float, video: np.random.Generator, own: np.random.Generator
) -> np.ndarray:
    """Cover a share of the frame by a black box of its shape, which stays where it is."""
    height, width = (round(side * share**0.5) for side in frame.shape[:2])
    top, left = (int(video.random() * (a - b + 1)) for a, b in zip(frame.shape, (height, width)))
    covered = frame.copy()
    covered[top : top + height, left : left + width] = 0
    return covered
