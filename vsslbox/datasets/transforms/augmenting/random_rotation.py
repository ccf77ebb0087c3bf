"""Rotate frames by a random angle."""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform, check_prob
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['RandomRotation']


@TRANSFORMS.register_module()
class RandomRotation(ViewTransform):
    """Rotate frames about their centre by a random angle, with some probability.

    Frames keep their size. Values are interpolated bilinearly; beyond the frame all is black.
    OpenCV 5 does so exactly; older versions round places to 1/32 of a pixel.

    Draws ``on`` ``[n]``, bool; ``angle`` ``[n]``, in degrees.

    Args:
        degrees: Smallest and largest angle in degrees, drawn uniformly; positive ones turn the
            picture counter-clockwise.
        prob: Probability of a rotation.
        consistent: Whether all frames of a view share one draw.
    """

    def __init__(
        self, degrees: Sequence[float] = (-10, 10), prob: float = 1.0, consistent: bool = True
    ) -> None:
        super().__init__(consistent)
        self.degrees = tuple(degrees)
        self.prob = check_prob(prob)
        if not (len(self.degrees) == 2 and self.degrees[0] <= self.degrees[1]):
            raise InputError(f'degrees must be (low, high) with low <= high, got {degrees!r}')

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw whether and by which angle to rotate."""
        on = rng.random(num_draws) < self.prob
        low, high = self.degrees
        return {'on': on, 'angle': rng.uniform(low, high, num_draws).astype(np.float32)}

    def apply_frame(self, frame: np.ndarray, angle: np.float32) -> np.ndarray:
        """Rotate ``frame``."""
        height, width = frame.shape[:2]
        centre = ((width - 1) / 2, (height - 1) / 2)
        return cv2.warpAffine(
            frame, cv2.getRotationMatrix2D(centre, float(angle), 1), (width, height)
        )

    @staticmethod
    def apply_clips(clips: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
        """Rotate each clip: look up, for every pixel, the place that the turn brings there."""
        height, width = clips.shape[3:]
        # Places relative to the centre, in pixels; y points down.
        y = torch.arange(height, device=clips.device)[:, None] - (height - 1) / 2
        x = torch.arange(width, device=clips.device) - (width - 1) / 2
        cos = angle.deg2rad().cos()[:, None, None]
        sin = angle.deg2rad().sin()[:, None, None]
        # grid_sample counts from -1 at the outer edge of the first pixel to 1 at that of the last.
        grid = torch.stack(
            [(x * cos - y * sin) * (2 / width), (x * sin + y * cos) * (2 / height)], dim=-1
        )
        turned = F.grid_sample(clips.flatten(1, 2), grid, align_corners=False)
        return turned.view_as(clips)
