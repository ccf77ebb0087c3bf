"""Change brightness, contrast, saturation and hue at random."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import cv2
import numpy as np
import torch

from vsslbox.datasets.transforms.augmenting.pixels import (
    LUMA,
    change_hsv,
    grey_clips,
    mean_grey,
    per_clip,
)
from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform, check_prob
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['STEPS', 'ColorJitter']

STEPS = ('brightness', 'contrast', 'saturation', 'hue')  # an order is a permutation of indices
_CONTRAST = STEPS.index('contrast')

# Frames between two steps are uint16 with 257 levels to the grey level. As 255 * 257 = 65535,
# cv2.transform clips them where the definition says, on the fly, and its rounding can't be seen.
_FINENESS = 257

# The images that three of the steps blend a frame with, as maps [3, 4] of (R, G, B, 1).
_ITSELF = np.eye(3, 4)
_BLACK = np.zeros((3, 4))
_GREY = np.tile([*LUMA, 0], (3, 1))
_LEVEL_1 = np.tile([0, 0, 0, 1], (3, 1))


def _blend(image: np.ndarray, share: float, other: np.ndarray) -> np.ndarray:
    return cv2.transform(image, share * _ITSELF + (1 - share) * other)


def _scale_brightness(image: np.ndarray, factor: float) -> np.ndarray:
    return _blend(image, factor, _BLACK)


def _scale_around(image: np.ndarray, factor: float, level: float | np.ndarray) -> np.ndarray:
    return _blend(image, factor, np.reshape(level, (-1, 1)) * _LEVEL_1)


def _scale_saturation(image: np.ndarray, factor: float) -> np.ndarray:
    return _blend(image, factor, _GREY)


def _to_fine(frame: np.ndarray) -> np.ndarray:
    return np.multiply(frame, _FINENESS, dtype=np.uint16)


def _to_uint8(image: np.ndarray) -> np.ndarray:
    return cv2.convertScaleAbs(image, alpha=1 / _FINENESS)  # rounds


@TRANSFORMS.register_module()
class ColorJitter(ViewTransform):
    """Change brightness, contrast, saturation and hue, in random order, with some probability.

    The arithmetic is that of torchvision's transform of this name, on values in [0, 255] that are
    clipped after each step and rounded, on frames, only after the last:

    * brightness: ``f x``;
    * contrast: ``f x + (1 - f) m``, with ``m`` the mean grey;
    * saturation: ``f x + (1 - f) grey(x)``, with grey = 0.299 R + 0.587 G + 0.114 B;
    * hue: a rotation of the H of HSV.

    A subclass with another arithmetic overrides what contrast and saturation are, in both forms.

    Draws ``on`` ``[n]``, bool; ``order`` ``[n, 4]``, a permutation of 0 to 3 for the steps above;
    the factors ``brightness``, ``contrast`` and ``saturation`` ``[n]``; ``hue`` ``[n]``, in turns.
    Adds ``clip_pivot`` ``[n]``, bool: whether ``contrast_pivot`` is ``'clip'``.

    Args:
        brightness: The factor is uniform in ``[max(0, 1 - brightness), 1 + brightness]``.
        contrast: The same for this factor.
        saturation: The same for this factor.
        hue: The shift is uniform in ``[-hue, hue]`` turns; at most 0.5.
        prob: Probability that anything changes.
        consistent: Whether all frames of a view share one draw.
        contrast_pivot: The pivot is the mean grey of the ``'frame'`` (torchvision, VCLR) or of the
            whole ``'clip'`` (CVRL), which needs ``consistent=True``.
    """

    def __init__(
        self,
        brightness: float = 0.4,
        contrast: float = 0.4,
        saturation: float = 0.4,
        hue: float = 0.1,
        prob: float = 0.8,
        consistent: bool = True,
        contrast_pivot: str = 'frame',
    ) -> None:
        super().__init__(consistent)
        self.strengths = {'brightness': brightness, 'contrast': contrast, 'saturation': saturation}
        self.hue = hue
        self.prob = check_prob(prob)
        self.contrast_pivot = contrast_pivot
        for name, strength in self.strengths.items():
            if strength < 0:
                raise InputError(f'{name} must not be negative, got {strength!r}')
        if not 0 <= hue <= 0.5:
            raise InputError(f'hue must be in [0, 0.5] turns, got {hue!r}')
        if contrast_pivot not in ('frame', 'clip'):
            raise InputError(f"contrast_pivot must be 'frame' or 'clip', got {contrast_pivot!r}")
        if contrast_pivot == 'clip' and not consistent:
            raise InputError("contrast_pivot='clip' needs consistent=True: set it, or use 'frame'")

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw whether, in which order and how much the colours change."""
        drawn = {
            'on': rng.random(num_draws) < self.prob,
            'order': rng.permuted(np.tile(np.arange(4), (num_draws, 1)), axis=1),
            'clip_pivot': np.full(num_draws, self.contrast_pivot == 'clip'),
        }
        for name, strength in self.strengths.items():
            factors = rng.uniform(max(0, 1 - strength), 1 + strength, num_draws)
            drawn[name] = factors.astype(np.float32)
        drawn['hue'] = rng.uniform(-self.hue, self.hue, num_draws).astype(np.float32)
        return drawn

    def apply(self, frames: list[np.ndarray], params: Drawn) -> list[np.ndarray]:
        """Jitter frame by frame, or the clip at once if its frames share a pivot."""
        if params['clip_pivot'].any():
            return self._apply_to_clip(frames, {name: rows[0] for name, rows in params.items()})
        return super().apply(frames, params)

    def _apply_to_clip(
        self, frames: list[np.ndarray], drawn: dict[str, np.ndarray]
    ) -> list[np.ndarray]:
        """Adjust all frames up to the contrast, whose pivot is their mean grey; then the rest."""
        if not drawn['on']:
            return frames
        before, (_, *after) = np.split(drawn['order'], np.flatnonzero(drawn['order'] == _CONTRAST))
        # One array, as large as the clip every time: the allocator hands the same memory out again.
        clip = np.empty((len(frames), *frames[0].shape), np.uint16)
        for image, frame in zip(clip, frames):
            image[:] = self.adjust(_to_fine(frame), before, drawn)
        pivot = np.mean(np.array([self.contrast_level(image) for image in clip]), axis=0)
        changed = []
        for image in clip:
            image = _scale_around(image, float(drawn['contrast']), pivot)
            changed.append(_to_uint8(self.adjust(image, after, drawn)))
        return changed

    def adjust(
        self, image: np.ndarray, steps: Iterable[int], drawn: Mapping[str, Any]
    ) -> np.ndarray:
        """Take some steps on an image ``[H, W, 3]``, uint16 with 257 levels to the grey level."""
        adjustments = (_scale_brightness, self._scale_contrast, _scale_saturation, change_hsv)
        for step in steps:
            image = adjustments[step](image, float(drawn[STEPS[step]]))
        return image

    def _scale_contrast(self, image: np.ndarray, factor: float) -> np.ndarray:
        return _scale_around(image, factor, self.contrast_level(image))

    def apply_frame(self, frame: np.ndarray, order: np.ndarray, **drawn: np.float32) -> np.ndarray:
        """Take the four steps in the drawn order."""
        return _to_uint8(self.adjust(_to_fine(frame), order, drawn))

    @classmethod
    def apply_clips(
        cls,
        clips: torch.Tensor,
        order: torch.Tensor,
        clip_pivot: torch.Tensor,
        **drawn: torch.Tensor,
    ) -> torch.Tensor:
        """Take the four steps in each clip's own order; it overwrites ``clips``."""
        # All rows come from one config, so they agree on the pivot.
        pivot_dims = (2, 3, 4) if clip_pivot.all() else (3, 4)

        def scale_contrast(clips: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
            return torch.lerp(cls.contrast_level_of_clips(clips, pivot_dims), clips, factor)

        scale_saturation = cls.scale_saturation_of_clips
        adjustments: tuple[Callable[..., torch.Tensor], ...]
        adjustments = (torch.mul, scale_contrast, scale_saturation, _shift_hue_of_clips)
        # A step runs each adjustment on the clips whose turn it is.
        for step in range(len(STEPS)):
            for number, name in enumerate(STEPS):
                rows = order[:, step] == number
                clips[rows] = adjustments[number](clips[rows], per_clip(drawn[name][rows])).clamp(
                    0, 255
                )
        return clips

    @staticmethod
    def contrast_level(image: np.ndarray) -> float | np.ndarray:
        """Return the level around which contrast is scaled: one for all channels, or one each."""
        return mean_grey(image)

    @staticmethod
    def contrast_level_of_clips(clips: torch.Tensor, dims: tuple[int, ...]) -> torch.Tensor:
        """Return this level of clips ``[M, C, T, H, W]``, averaged over ``dims``."""
        return grey_clips(clips).mean(dims, keepdim=True)

    @staticmethod
    def scale_saturation_of_clips(clips: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
        """Scale the saturation of clips ``[M, C, T, H, W]`` by ``[M, 1, 1, 1, 1]``."""
        return torch.lerp(grey_clips(clips), clips, factor)


def _shift_hue_of_clips(clips: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    red, green, blue = clips.split(1, dim=1)
    value = clips.amax(1, keepdim=True)
    chroma = value - clips.amin(1, keepdim=True)
    divisor = chroma.clamp(min=torch.finfo(chroma.dtype).tiny)  # greys have no hue: take 0
    sixths = torch.where(
        value == red,
        (green - blue) / divisor,
        torch.where(value == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor),
    )
    sixths = sixths + 6 * turns

    # Over a turn of the hue, a channel rises from value - chroma to value within one sixth, stays
    # for two, falls within one and stays for two; the channels are a third of a turn apart.
    def channel(offset: int) -> torch.Tensor:
        place = (sixths + offset) % 6
        return value - chroma * torch.minimum(place, 4 - place).clamp(0, 1)

    return torch.cat([channel(5), channel(3), channel(1)], dim=1)
