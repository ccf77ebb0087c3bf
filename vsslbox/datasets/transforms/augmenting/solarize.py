"""Turn bright values of frames into their negative at random."""

import cv2
import numpy as np

from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform, check_prob
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['Solarize']


@TRANSFORMS.register_module()
class Solarize(ViewTransform):
    """Replace values that reach a threshold by their negative, with some probability.

    Channel by channel, ``x`` stays as it is below the threshold and becomes ``255 - x`` from there
    on, for values in [0, 255]. CVRL's code has the same rule on [0, 1] with the threshold 0.5,
    which lies between 127 and 128.

    Draws ``on`` ``[n]``, bool; adds ``threshold`` ``[n]``.

    Args:
        threshold: The smallest value that changes; in [0, 256], where 256 leaves all as they are.
        prob: Probability that anything changes.
        consistent: Whether all frames of a view share one draw.
    """

    photometric = True

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

    def apply_frame(self, frame: np.ndarray, on: np.bool_, threshold: np.float32) -> np.ndarray:
        """Solarise if drawn."""
        if not on:
            return frame
        levels = np.arange(256, dtype=np.uint8)
        return cv2.LUT(frame, np.where(levels < threshold, levels, 255 - levels))
