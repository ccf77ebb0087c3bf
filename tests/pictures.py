"""Pictures to try transforms on."""

import cv2
import numpy as np


def texture(height: int, width: int, seed: int | list[int]) -> np.ndarray:
    """A smooth random picture that reaches black, white and pure colours."""
    coarse = np.random.default_rng(seed).uniform(-60, 315, (height // 6, width // 6, 3))
    return (
        cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype('u1')
    )
