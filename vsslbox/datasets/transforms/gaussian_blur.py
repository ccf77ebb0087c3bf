"""Blur frames at random."""

from collections.abc import Sequence

import cv2
import numpy as np

from vsslbox.datasets.transforms.view_transform import Drawn, ViewTransform, check_prob
from vsslbox.registry import TRANSFORMS

__all__ = ['GaussianBlur']


@TRANSFORMS.register_module()
class GaussianBlur(ViewTransform):
    """Blur with a Gaussian of random width, with some probability.

    Beyond the border the frame is mirrored, its outermost pixels not repeated. The VCLR authors
    use PIL's ``GaussianBlur(radius)``: its radius is our sigma, and it approximates the Gaussian
    by repeated box filters.

    Draws ``on`` ``[n]``, bool; ``sigma`` ``[n]``, in pixels; ``radius`` ``[n]``, the number of taps
    on either side of the middle.

    Args:
        sigma: Smallest and largest standard deviation in pixels, drawn uniformly.
        prob: Probability of a blur.
        kernel_size: Number of taps, odd. None means enough for 3 sigma on either side; a wider
            kernel than that costs time and changes next to nothing.
        consistent: Whether all frames of a view share one draw.
    """

    photometric = True

    def __init__(
        self,
        sigma: Sequence[float] = (0.1, 2.0),
        prob: float = 0.5,
        kernel_size: int | None = None,
        consistent: bool = True,
    ) -> None:
        super().__init__(consistent)
        self.sigma = tuple(sigma)
        self.prob = check_prob(prob)
        self.kernel_size = kernel_size
        if not (len(self.sigma) == 2 and 0 < self.sigma[0] <= self.sigma[1]):
            raise ValueError(f'sigma must be (low, high) with 0 < low <= high, got {sigma!r}')
        if kernel_size is not None and not (kernel_size > 0 and kernel_size % 2):
            raise ValueError(f'kernel_size must be a positive odd number, got {kernel_size!r}')

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw whether and how far to blur."""
        on = rng.random(num_draws) < self.prob
        sigma = rng.uniform(*self.sigma, num_draws).astype(np.float32)
        if self.kernel_size is None:
            radius = np.ceil(3 * sigma).astype(int)
        else:
            radius = np.full(num_draws, self.kernel_size // 2)
        return {'on': on, 'sigma': sigma, 'radius': radius}

    def apply_frame(
        self, frame: np.ndarray, on: np.bool_, sigma: np.float32, radius: np.int64
    ) -> np.ndarray:
        """Blur along the rows and the columns."""
        if not on:
            return frame
        taps = cv2.getGaussianKernel(2 * int(radius) + 1, float(sigma))
        # On uint8, cv2.GaussianBlur is slower than this, and it rounds the taps.
        return cv2.sepFilter2D(frame, -1, taps, taps)
