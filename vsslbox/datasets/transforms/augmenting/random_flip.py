"""Mirror frames at random."""

import cv2
import numpy as np

from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform, check_prob
from vsslbox.registry import TRANSFORMS

__all__ = ['RandomFlip']


@TRANSFORMS.register_module()
class RandomFlip(ViewTransform):
    """Mirror frames, left to right, with some probability.

    Draws ``on`` ``[n]``, bool.

    Args:
        prob: Probability of a flip.
        consistent: Whether all frames of a view share one draw.
    """

    def __init__(self, prob: float = 0.5, consistent: bool = True) -> None:
        super().__init__(consistent)
        self.prob = check_prob(prob)

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw whether to flip."""
        return {'on': rng.random(num_draws) < self.prob}

    def apply_frame(self, frame: np.ndarray) -> np.ndarray:
        """Mirror left and right."""
        return cv2.flip(frame, 1)

    def move_boxes(self, boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Mirror left and right."""
        return [1, 0, 1, 0] + boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1]
