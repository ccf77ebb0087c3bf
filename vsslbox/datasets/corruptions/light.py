"""Light of frames."""

import numpy as np

__all__ = ['brighten', 'reduce_contrast']


def brighten(
    frame: np.ndarray, added: float, video: np.random.Generator, own: np.random.Generator
) -> np.ndarray:
    """Add to the value in HSV, in [0, 1], at the same hue and saturation."""
    value = frame.max(axis=2, keepdims=True).astype(np.float32)
    brighter = (value + 255 * added).clip(0, 255)
    colours = np.where(value > 0, frame / np.maximum(value, 1), 1)
    return np.rint(colours * brighter).astype(np.uint8)


def reduce_contrast(
    frame: np.ndarray, factor: float, video: np.random.Generator, own: np.random.Generator
) -> np.ndarray:
    """Multiply the differences from the mean of each channel."""
    mean = frame.mean(axis=(0, 1), dtype=np.float32)
    return np.rint((frame - mean) * factor + mean).clip(0, 255).astype(np.uint8)
