"""Change brightness, contrast, saturation and hue at random, by TensorFlow's arithmetic."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import cv2
import numpy as np
import torch

from vsslbox.datasets.transforms.augmenting.color_jitter import STEPS, ColorJitter
from vsslbox.datasets.transforms.augmenting.pixels import change_hsv
from vsslbox.registry import TRANSFORMS

__all__ = ['TensorFlowColorJitter']


@TRANSFORMS.register_module()
class TensorFlowColorJitter(ColorJitter):
    """Change the colours as ``tf.image`` does, in random order, with some probability.

    It draws what :class:`ColorJitter` draws, in the same order. Brightness and hue are the same
    too; values are in [0, 255], clipped after each step:

    * contrast: ``f x + (1 - f) m``, with ``m`` the mean of each channel, over all frames that share
      the draw;
    * saturation: the S of HSV is multiplied by ``f``, up to 1; H and V stay.

    With V = max(R, G, B) and C = V - min(R, G, B), the new S is ``min(1, f C / V)``, so each
    channel becomes ``V - (V - x) min(f, V / C)``.

    Source: the code of Qian et al., "Spatiotemporal Contrastive Video Representation Learning",
    which sees a clip as one image of T H x W pixels.

    Args:
        brightness: The factor is uniform in ``[max(0, 1 - brightness), 1 + brightness]``.
        contrast: The same for this factor.
        saturation: The same for this factor.
        hue: The shift is uniform in ``[-hue, hue]`` turns; at most 0.5.
        prob: Probability that anything changes.
        consistent: Whether all frames of a view share one draw, and the means of the contrast.
    """

    def __init__(
        self,
        brightness: float = 0.8,
        contrast: float = 0.8,
        saturation: float = 0.8,
        hue: float = 0.2,
        prob: float = 0.8,
        consistent: bool = True,
    ) -> None:
        pivot = 'clip' if consistent else 'frame'
        super().__init__(brightness, contrast, saturation, hue, prob, consistent, pivot)

    @staticmethod
    def contrast_level(image: np.ndarray) -> np.ndarray:
        """Return the mean of each channel, ``[3]``."""
        return np.array(cv2.mean(image)[:3])

    def adjust(
        self, image: np.ndarray, steps: Iterable[int], drawn: Mapping[str, Any]
    ) -> np.ndarray:
        """Take some steps; saturation and hue in a row share one conversion to HSV, the slow part.

        They commute, and leave nothing to clip.
        """
        for in_hsv, run in groupby(steps, key=lambda step: STEPS[step] in ('saturation', 'hue')):
            if in_hsv:
                factors = {STEPS[step]: float(drawn[STEPS[step]]) for step in run}
                image = change_hsv(image, factors.get('hue', 0), factors.get('saturation', 1))
            else:
                image = super().adjust(image, list(run), drawn)
        return image

    @staticmethod
    def contrast_level_of_clips(clips: torch.Tensor, dims: tuple[int, ...]) -> torch.Tensor:
        """Return the mean of each channel of clips ``[M, C, T, H, W]`` over ``dims``."""
        return clips.mean(dims, keepdim=True)

    @staticmethod
    def scale_saturation_of_clips(clips: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
        """Scale the S of HSV of clips ``[M, C, T, H, W]`` by ``[M, 1, 1, 1, 1]``."""
        value = clips.amax(1, keepdim=True)
        chroma = value - clips.amin(1, keepdim=True)
        divisor = chroma.clamp(min=torch.finfo(chroma.dtype).tiny)  # of greys, which stay
        return value - (value - clips) * torch.minimum(factor, value / divisor)
