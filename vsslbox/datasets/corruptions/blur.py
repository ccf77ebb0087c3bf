"""Blur of frames, the same for all frames of a video."""

import cv2
import numpy as np

__all__ = ['blur_by_defocus', 'blur_by_motion', 'pixels_of']

REFERENCE = 224  # the short side in pixels for which lengths are given


def pixels_of(frame: np.ndarray, length: float) -> float:
    """Convert a length for a short side of 224 pixels to pixels of a frame."""
    return length * min(frame.shape[:2]) / REFERENCE


def blur_by_motion(
    frame: np.ndarray,
    level: tuple[float, float],
    video: np.random.Generator,
    own: np.random.Generator,
) -> np.ndarray:
    """Smear the frame to one side by a normal fall-off, within 45 degrees of the horizontal.

    Args:
        frame: uint8 ``[H, W, 3]``.
        level: The radius, half of the length, and the deviation; see :func:`pixels_of`.
        video: The generator, which gives the angle.
        own: Not used.
    """
    radius, deviation = (pixels_of(frame, length) for length in level)
    angle = video.uniform(-np.pi / 4, np.pi / 4)
    distances = np.arange(0, 2 * radius + 0.25, 0.25)  # in steps of a quarter of a pixel
    weights = np.exp(-((distances / deviation) ** 2) / 2)
    side = int(np.ceil(2 * radius)) + 1
    kernel = np.zeros((2 * side + 1, 2 * side + 1), np.float32)
    for x, y, weight in zip(
        side + distances * np.cos(angle), side + distances * np.sin(angle), weights, strict=True
    ):
        left, top = int(x), int(y)
        right, low = x - left, y - top
        kernel[top : top + 2, left : left + 2] += weight * np.outer(
            [1 - low, low], [1 - right, right]
        )
    return cv2.filter2D(frame, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101)


def blur_by_defocus(
    frame: np.ndarray, radius: float, video: np.random.Generator, own: np.random.Generator
) -> np.ndarray:
    """Average over a disk with an edge of one pixel, whose radius is that of :func:`pixels_of`."""
    radius = pixels_of(frame, radius)
    side = int(np.ceil(radius + 0.5))
    offsets = np.arange(-side, side + 1)
    distances = np.hypot(*np.meshgrid(offsets, offsets))
    kernel = (radius + 0.5 - distances).clip(0, 1).astype(np.float32)
    return cv2.filter2D(frame, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT_101)
