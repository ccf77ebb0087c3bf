"""Replace bright values of frames by their negative at random."""

import cv2
import numpy as np
import torch

from vsslbox.datasets.transforms.augmenting.pixels import LEVELS, per_clip
from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform, check_prob
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['Solarize', 'solarize_frame']


def solarize_frame(frame: np.ndarray, threshold: float) -> np.ndarray:
    """Replace the values of a uint8 frame that reach ``threshold`` by their negative."""
    return cv2.LUT(frame, np.where(threshold > LEVELS, LEVELS, 255 - LEVELS).astype(np.uint8))


@TRANSFORMS.register_module()
class Solarize(ViewTransform):
    """Replace values that reach a threshold by their negative, with some probability.

    In each channel, ``x`` stays as it is below the threshold and becomes ``255 - x`` from there on,
    for values in [0, 255]. CVRL's code has the same rule on [0, 1] with the threshold 0.5, which
    lies between 127 and 128.

    Draws ``on`` ``[n]``, bool; adds ``threshold`` ``[n]``.

    Args:
        threshold: The smallest value that changes; in [0, 256], where 256 changes nothing.
        prob: Probability that anything changes.
        consistent: Whether all frames of a view share one draw.
    """

    def __init__(self, threshold: float = 128, prob: float = 0.2, consistent: bool = True) -> None:
        super().__init__(consistent)
        self.threshold = threshold
        self.prob = check_prob(prob)
        if not 0 <= threshold <= 256:
            raise InputError(f'threshold must be in [0, 256], got {threshold!r}')

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw whether to solarise."""
        return {
            'on': rng.random(num_draws) < self.prob,
            'threshold': np.full(num_draws, self.threshold, np.float32),
        }

    def apply_frame(self, frame: np.ndarray, threshold: np.float32) -> np.ndarray:
        """Solarise ``frame``."""
        return solarize_frame(frame, float(threshold))

    @staticmethod
    def apply_clips(clips: torch.Tensor, threshold: torch.Tensor) -> torch.Tensor:
        """Solarise each clip by its threshold."""
        return torch.where(clips < per_clip(threshold), clips, 255 - clips)
