"""Arithmetic on colours that several augmentations share."""

import cv2
import numpy as np
import torch

__all__ = ['LEVELS', 'LUMA', 'change_hsv', 'grey_clips', 'grey_frame', 'mean_grey', 'per_clip']

LUMA = (0.299, 0.587, 0.114)  # weights of R, G, B in a grey
LEVELS = np.arange(256)


def grey_frame(frame: np.ndarray) -> np.ndarray:
    """Return a uint8 frame ``[H, W, 3]`` in greys, rounded, in all three channels."""
    return cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def mean_grey(image: np.ndarray) -> float:
    """Compute the mean grey of an image ``[H, W, 3]`` of any type."""
    return np.dot(LUMA, cv2.mean(image)[:3])


def change_hsv(image: np.ndarray, turns: float = 0, factor: float = 1) -> np.ndarray:
    """Shift the hue of an RGB image ``[H, W, 3]``, uint16, and multiply its saturation, up to 1."""
    if turns == 0 and factor == 1:
        return image
    hsv: np.ndarray = cv2.cvtColor(image.astype(np.float32), cv2.COLOR_RGB2HSV)
    if turns != 0:
        hsv[..., 0] += 360 * (turns % 1)  # OpenCV takes hues above 360 degrees, but none below 0
    if factor != 1:
        np.minimum(hsv[..., 1] * np.float32(factor), 1, out=hsv[..., 1])
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB, dst=hsv).astype(np.uint16)


def grey_clips(clips: torch.Tensor) -> torch.Tensor:
    """Return clips ``[M, 3, T, H, W]`` in greys, ``[M, 1, T, H, W]``."""
    red, green, blue = (weight * each for weight, each in zip(LUMA, clips.split(1, dim=1)))
    return red + green + blue


def per_clip(values: torch.Tensor) -> torch.Tensor:
    """Give values ``[M]`` the shape in which they multiply clips ``[M, C, T, H, W]``."""
    return values.view(-1, 1, 1, 1, 1)
