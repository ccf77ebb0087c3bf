"""Scale frames to a random size."""

import numpy as np

from vsslbox.datasets.transforms.augmenting.resize import (
    refuse_long_sides,
    resize_image,
    size_of_short_side,
)
from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['RandomShortSide']


@TRANSFORMS.register_module()
class RandomShortSide(ViewTransform):
    """Scale the frames so that the shorter side has a random length; the aspect ratio is kept.

    Draws ``short_side`` ``[n]``, in pixels.

    Source: VIE, section 4; the range follows the authors' code.

    Args:
        low: Smallest length in pixels.
        high: Largest length in pixels.
        consistent: Whether all frames of a view share one length.
    """

    def __init__(self, low: int = 256, high: int = 319, consistent: bool = True) -> None:
        super().__init__(consistent)
        if not 0 < low <= high:
            raise InputError(f'low and high must be pixels, 0 < low <= high, got {low} and {high}')
        self.low = low
        self.high = high

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw the length of the shorter side."""
        return {'short_side': rng.integers(self.low, self.high + 1, num_draws)}

    def apply(self, frames: list[np.ndarray], params: Drawn) -> list[np.ndarray]:
        """Scale the frames if they are not too thin."""
        refuse_long_sides(frames, int(params['short_side'].max()))
        return super().apply(frames, params)

    def apply_frame(self, frame: np.ndarray, short_side: np.int64) -> np.ndarray:
        """Scale ``frame``."""
        height, width = frame.shape[:2]
        return resize_image(frame, *size_of_short_side(height, width, int(short_side)))

    def move_boxes(
        self, boxes: np.ndarray, size: tuple[int, int], short_side: np.int64
    ) -> np.ndarray:
        """Return the boxes as they are: normalised coordinates do not change."""
        return boxes
