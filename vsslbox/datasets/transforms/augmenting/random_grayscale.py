"""Take the colour out of frames at random."""

import cv2
import numpy as np

from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform, check_prob
from vsslbox.registry import TRANSFORMS

__all__ = ['RandomGrayscale']


@TRANSFORMS.register_module()
class RandomGrayscale(ViewTransform):
    """Replace all three channels by grey = 0.299 R + 0.587 G + 0.114 B with some probability.

    Draws ``on`` ``[n]``, bool.

    Args:
        prob: Probability of grey.
        consistent: Whether all frames of a view share one draw.
    """

    photometric = True

    def __init__(self, prob: float = 0.2, consistent: bool = True) -> None:
        super().__init__(consistent)
        self.prob = check_prob(prob)

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw whether to take the colour out."""
        return {'on': rng.random(num_draws) < self.prob}

    def apply_frame(self, frame: np.ndarray, on: np.bool_) -> np.ndarray:
        """Take the colour out if drawn."""
        if not on:
            return frame
        return cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
