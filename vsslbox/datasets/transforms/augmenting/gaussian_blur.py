"""Blur frames at random."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from vsslbox.datasets.transforms.augmenting.pixels import per_clip
from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform, check_prob
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['GaussianBlur']


@TRANSFORMS.register_module()
class GaussianBlur(ViewTransform):
    """Blur with a Gaussian of random width, with some probability.

    The VCLR authors use PIL's ``GaussianBlur(radius)``: its radius is our sigma, and it
    approximates the Gaussian by repeated box filters. CVRL's code has 23 taps and a black border.

    Draws ``on`` ``[n]``, bool; ``sigma`` ``[n]``, in pixels; ``radius`` ``[n]``, the number of taps
    on either side of the middle. Adds ``zero_border`` ``[n]``, bool: whether ``border`` is
    ``'zero'``.

    Args:
        sigma: Smallest and largest standard deviation in pixels, drawn uniformly.
        prob: Probability of a blur.
        kernel_size: Number of taps, odd. None means enough for 3 sigma on either side; a wider
            kernel costs time and changes almost nothing.
        consistent: Whether all frames of a view share one draw.
        border: What lies beyond the border: ``'reflect'``, the mirrored frame without a second copy
            of its outermost pixels, or ``'zero'``, black, which darkens the frame's edges.
    """

    def __init__(
        self,
        sigma: Sequence[float] = (0.1, 2.0),
        prob: float = 0.5,
        kernel_size: int | None = None,
        consistent: bool = True,
        border: str = 'reflect',
    ) -> None:
        super().__init__(consistent)
        self.sigma = tuple(sigma)
        self.prob = check_prob(prob)
        self.kernel_size = kernel_size
        self.border = border
        if not (len(self.sigma) == 2 and 0 < self.sigma[0] <= self.sigma[1]):
            raise InputError(f'sigma must be (low, high) with 0 < low <= high, got {sigma!r}')
        if kernel_size is not None and not (kernel_size > 0 and kernel_size % 2):
            raise InputError(f'kernel_size must be a positive odd number, got {kernel_size!r}')
        if border not in ('reflect', 'zero'):
            raise InputError(f"border must be 'reflect' or 'zero', got {border!r}")

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw whether and how much to blur."""
        on = rng.random(num_draws) < self.prob
        low, high = self.sigma
        sigma = rng.uniform(low, high, num_draws).astype(np.float32)
        if self.kernel_size is None:
            radius = np.ceil(3 * sigma).astype(int)
        else:
            radius = np.full(num_draws, self.kernel_size // 2)
        zero_border = np.full(num_draws, self.border == 'zero')
        return {'on': on, 'sigma': sigma, 'radius': radius, 'zero_border': zero_border}

    def apply_frame(
        self, frame: np.ndarray, sigma: np.float32, radius: np.int64, zero_border: np.bool_
    ) -> np.ndarray:
        """Blur along the rows and the columns."""
        # All taps beyond 4 sigma together weigh less than 1e-4.
        reach = min(int(radius), math.ceil(4 * sigma))
        taps = cv2.getGaussianKernel(2 * reach + 1, float(sigma))
        border = cv2.BORDER_CONSTANT if zero_border else cv2.BORDER_REFLECT_101
        # On uint8, cv2.GaussianBlur is slower than this, and it rounds the taps.
        return cv2.sepFilter2D(frame, -1, taps, taps, borderType=border)

    @staticmethod
    def apply_clips(
        clips: torch.Tensor, sigma: torch.Tensor, radius: torch.Tensor, zero_border: torch.Tensor
    ) -> torch.Tensor:
        """Blur each clip by its own kernel; narrow ones are padded with zeros to the widest."""
        widest = int(radius.max())
        offsets = torch.arange(-widest, widest + 1, device=clips.device)
        taps = torch.exp(-0.5 * (offsets / sigma[:, None]) ** 2)
        taps = taps * (offsets.abs() <= radius[:, None])
        taps = taps / taps.sum(1, keepdim=True)
        pad = _pad_zeros if zero_border.all() else _pad_mirrored  # all rows come from one config
        for dim in (3, 4):
            clips = _filter(pad(clips, widest, dim), taps, dim)
        return clips


def _pad_mirrored(clips: torch.Tensor, radius: int, dim: int) -> torch.Tensor:
    """Extend ``dim`` by its mirror image, repeated if the radius exceeds the size."""
    size = clips.shape[dim]
    period = max(2 * (size - 1), 1)
    places = torch.arange(-radius, size + radius, device=clips.device) % period
    return clips.index_select(dim, torch.minimum(places, period - places))


def _pad_zeros(clips: torch.Tensor, radius: int, dim: int) -> torch.Tensor:
    return F.pad(clips, [0, 0] * (4 - dim) + [radius, radius])


def _filter(padded: torch.Tensor, taps: torch.Tensor, dim: int) -> torch.Tensor:
    """Correlate along ``dim``, padded by R on either side, with ``taps`` ``[M, 2R + 1]``.

    A sum of shifted clips: a grouped convolution with a kernel a clip is many times slower.
    """
    size = padded.shape[dim] - taps.shape[1] + 1
    filtered = torch.zeros_like(padded.narrow(dim, 0, size))
    for shift, tap in enumerate(taps.unbind(1)):
        filtered.addcmul_(padded.narrow(dim, shift, size), per_clip(tap))
    return filtered
