"""Noise of frames, drawn for each frame anew."""

import numpy as np

__all__ = ['add_gaussian_noise', 'add_impulses', 'add_shot_noise']


def add_gaussian_noise(
    frame: np.ndarray, deviation: float, video: np.random.Generator, own: np.random.Generator
) -> np.ndarray:
    """Add normal noise of a standard deviation relative to 255."""
    noise = own.standard_normal(frame.shape, np.float32)
    return _as_levels(frame + 255 * deviation * noise)


def add_shot_noise(
    frame: np.ndarray, photons: float, video: np.random.Generator, own: np.random.Generator
) -> np.ndarray:
    """Draw the number of photons of each value, of which a white pixel expects ``photons``."""
    return _as_levels(own.poisson(frame / 255 * photons) * (255 / photons))


def add_impulses(
    frame: np.ndarray, share: float, video: np.random.Generator, own: np.random.Generator
) -> np.ndarray:
    """Set a share of the values to 0 or 255."""
    drawn = own.random(frame.shape, np.float32)
    return np.where(drawn < share, np.where(drawn < share / 2, 0, 255), frame).astype(np.uint8)


def _as_levels(values: np.ndarray) -> np.ndarray:
    return np.rint(values).clip(0, 255).astype(np.uint8)
