"""Drop a channel of the CIE Lab colours of frames at random."""

import cv2
import numpy as np
import torch

from vsslbox.datasets.transforms.augmenting.lab import (
    decode_srgb,
    encode_srgb,
    lab_to_rgb,
    rgb_to_lab,
)
from vsslbox.datasets.transforms.augmenting.pixels import LEVELS, per_clip
from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform, check_prob
from vsslbox.registry import TRANSFORMS

__all__ = ['LabChannelDropout']

_NEUTRAL = (50, 0, 0)  # of L, a, b

# The transfer curve of sRGB, as tables: OpenCV's own conversion from sRGB to Lab interpolates on a
# coarse grid of colours and is off by up to 6 levels; that from linear RGB is exact.
_FINEST = 65535  # levels of linear light in the table back
_TO_LINEAR = decode_srgb(LEVELS / 255, np.where).astype(np.float32)
_FROM_LINEAR = np.rint(255 * encode_srgb(np.arange(_FINEST + 1) / _FINEST, np.where))
_FROM_LINEAR = _FROM_LINEAR.astype(np.uint8)


@TRANSFORMS.register_module()
class LabChannelDropout(ViewTransform):
    """Make one channel of the CIE Lab colours neutral, with some probability.

    Colours are sRGB with the white point D65. A neutral a or b is 0; a neutral L is 50, the middle
    of its range, so that a frame without its L shows its colours at equal lightness. Colours that
    RGB cannot show are clipped.

    VDIM (Devon Hjelm and Bachman, 2020) drops a random channel of Lab, but does not say by which
    value it is replaced nor how often: both are our reading.

    Draws ``on`` ``[n]``, bool; ``channel`` ``[n]``, one of 0, 1, 2 for L, a, b, equally likely.

    Args:
        prob: Probability that a channel is dropped.
        consistent: Whether all frames of a view share one draw.
    """

    def __init__(self, prob: float = 0.5, consistent: bool = True) -> None:
        super().__init__(consistent)
        self.prob = check_prob(prob)

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw whether to drop a channel, and which."""
        return {
            'on': rng.random(num_draws) < self.prob,
            'channel': rng.integers(len(_NEUTRAL), size=num_draws),
        }

    def apply_frame(self, frame: np.ndarray, channel: np.int64) -> np.ndarray:
        """Drop the channel."""
        image = cv2.LUT(frame, _TO_LINEAR)
        cv2.cvtColor(image, cv2.COLOR_LRGB2LAB, dst=image)
        image[..., channel] = _NEUTRAL[channel]
        cv2.cvtColor(image, cv2.COLOR_LAB2LRGB, dst=image)
        image *= _FINEST
        return _FROM_LINEAR.take(image.astype(np.intp), mode='clip')

    @staticmethod
    def apply_clips(clips: torch.Tensor, channel: torch.Tensor) -> torch.Tensor:
        """Drop the channel of each clip."""
        lab = list(rgb_to_lab(clips))
        for number, neutral in enumerate(_NEUTRAL):
            lab[number] = torch.where(per_clip(channel) == number, float(neutral), lab[number])
        return lab_to_rgb(*lab)
