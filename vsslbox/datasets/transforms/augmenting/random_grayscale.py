"""Remove the colour of frames at random."""

import numpy as np
import torch

from vsslbox.datasets.transforms.augmenting.pixels import grey_clips, grey_frame
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

    def __init__(self, prob: float = 0.2, consistent: bool = True) -> None:
        super().__init__(consistent)
        self.prob = check_prob(prob)

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw whether to remove the colour."""
        return {'on': rng.random(num_draws) < self.prob}

    def apply_frame(self, frame: np.ndarray) -> np.ndarray:
        """Remove the colour."""
        return grey_frame(frame)

    @staticmethod
    def apply_clips(clips: torch.Tensor) -> torch.Tensor:
        """Remove the colour of all clips."""
        return grey_clips(clips).expand_as(clips)
