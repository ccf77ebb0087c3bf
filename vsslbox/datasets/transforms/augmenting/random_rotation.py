"""Rotate frames by a random angle."""

from collections.abc import Sequence

import cv2
import numpy as np

from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform, check_prob
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['RandomRotation']


@TRANSFORMS.register_module()
class RandomRotation(ViewTransform):
    """Rotate frames about their centre by a random angle, with some probability.

    Frames keep their size. Values are interpolated bilinearly; outside of the frame all is black.
    OpenCV does so exactly from version 5 on; before, it rounds places to 1/32 of a pixel.

    Draws ``on`` ``[n]``, bool; ``angle`` ``[n]``, in degrees.

    Args:
        degrees: Smallest and largest angle in degrees, drawn uniformly; positive ones turn the
            picture counter-clockwise.
        prob: Probability of a rotation.
        consistent: Whether all frames of a view share one draw.
    """

    photometric = True

    def __init__(
        self, degrees: Sequence[float] = (-10, 10), prob: float = 1.0, consistent: bool = True
    ) -> None:
        super().__init__(consistent)
        self.degrees = tuple(degrees)
        self.prob = check_prob(prob)
        if not (len(self.degrees) == 2 and self.degrees[0] <= self.degrees[1]):
            raise InputError(f'degrees must be (low, high) with low <= high, got {degrees!r}')

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw whether and how far to rotate."""
        on = rng.random(num_draws) < self.prob
        return {'on': on, 'angle': rng.uniform(*self.degrees, num_draws).astype(np.float32)}

    def apply_frame(self, frame: np.ndarray, on: np.bool_, angle: np.float32) -> np.ndarray:
        """Rotate if drawn."""
        if not on:
            return frame
        height, width = frame.shape[:2]
        centre = ((width - 1) / 2, (height - 1) / 2)
        return cv2.warpAffine(
            frame, cv2.getRotationMatrix2D(centre, float(angle), 1), (width, height)
        )
