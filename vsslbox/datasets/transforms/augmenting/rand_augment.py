"""Apply operations of RandAugment to frames."""

from collections.abc import Callable
from functools import partial

import numpy as np

from vsslbox.datasets.transforms.augmenting import rand_augment_ops as ops
from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['RandAugment']

_Operation = Callable[[list[np.ndarray]], list[np.ndarray]]

# The frame size in pixels for which we read TensorFlow's constants in pixels.
_USUAL_SIZE = 224


def _operations(level: float, sign: float, centre: np.ndarray) -> dict[str, _Operation]:
    """Return all operations at the strength ``level``, in [0, 1]."""
    factor = 0.1 + 1.8 * level
    slope = sign * 0.3 * level
    shift = sign * 100 * level / _USUAL_SIZE
    return {
        'AutoContrast': ops.auto_contrast,
        'Equalize': ops.equalize,
        'Invert': ops.invert,
        'Rotate': partial(ops.rotate, degrees=sign * 30 * level),
        'Posterize': partial(ops.posterize, bits=int(4 * level)),
        'Solarize': partial(ops.solarize, threshold=int(256 * level)),
        'Color': partial(ops.adjust_color, factor=factor),
        'Contrast': partial(ops.adjust_contrast, factor=factor),
        'Brightness': partial(ops.adjust_brightness, factor=factor),
        'Sharpness': partial(ops.adjust_sharpness, factor=factor),
        'ShearX': partial(ops.shear_x, slope=slope),
        'ShearY': partial(ops.shear_y, slope=slope),
        'TranslateX': partial(ops.translate_x, share=shift),
        'TranslateY': partial(ops.translate_y, share=shift),
        'Cutout': partial(ops.cut_out, share=40 * level / _USUAL_SIZE, centre=centre),
        'SolarizeAdd': partial(ops.solarize_add, addition=int(110 * level)),
    }


_NUM_OPERATIONS = len(_operations(0, 1, np.zeros(2)))


@TRANSFORMS.register_module()
class RandAugment(ViewTransform):
    """Apply operations drawn at random, all at the same strength.

    Source: Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search
    space", NeurIPS 2020; Qian et al., CVPR 2021 (CVRL), Table 12, made it consistent in time.

    With ``m = magnitude / max_magnitude``, the strengths are those of TensorFlow's model garden at
    the level ``10 m``:

    * ``AutoContrast``, ``Equalize``, ``Invert``: the same for all ``m``;
    * ``Rotate``: 30 m degrees, either way;
    * ``Posterize``: to ``4 m`` bits, rounded down, so a smaller ``m`` is stronger; black at 0;
    * ``Solarize``: from ``256 m`` on, so a smaller ``m`` is stronger; no change at 1;
    * ``Color``, ``Contrast``, ``Brightness``, ``Sharpness``: the factor ``0.1 + 1.8 m``, so no
      change at ``m = 0.5``;
    * ``ShearX``, ``ShearY``: 0.3 m pixels per pixel, either way, from the upper left corner on;
    * ``TranslateX``, ``TranslateY``: 100 m pixels, either way;
    * ``Cutout``: a square of 80 m pixels, its middle anywhere in the frame;
    * ``SolarizeAdd``: 110 m added to values below 128.

    Differences: these numbers of pixels hold for frames of 224 pixels and scale with the frames'
    width (``TranslateX``), height (``TranslateY``) or shorter side (``Cutout``); ``Contrast``
    has the mean grey as its pivot, as in PIL, where TensorFlow's has the number of pixels / 256; no
    step is left out, while TensorFlow's code leaves one out once in 17 times.

    ``AutoContrast``, ``Equalize`` and ``Contrast`` depend on the picture. If ``consistent``, they
    use the statistics of the whole clip, since those of single frames would make it flicker.

    Draws ``operation`` ``[n, num_ops]``, indices into the list above, with replacement; ``sign``
    ``[n, num_ops]``, 1 or -1; ``centre`` ``[n, num_ops, 2]``, ``(y, x)`` in normalised
    coordinates.

    Args:
        num_ops: How many operations to apply, one after the other.
        magnitude: Their strength, in ``[0, max_magnitude]``.
        max_magnitude: The end of the scale of ``magnitude``: 10 as in TensorFlow's code, or 30 for
            numbers from code with that scale. It is a limit here, but not in TensorFlow's code.
        consistent: Whether all frames of a view share one draw.
    """

    def __init__(
        self,
        num_ops: int = 2,
        magnitude: float = 10,
        max_magnitude: float = 10,
        consistent: bool = True,
    ) -> None:
        super().__init__(consistent)
        if num_ops < 1:
            raise InputError(f'num_ops must be at least 1, got {num_ops!r}')
        if max_magnitude <= 0:
            raise InputError(f'max_magnitude must be positive, got {max_magnitude!r}')
        if not 0 <= magnitude <= max_magnitude:
            raise InputError(
                f'magnitude must be in [0, max_magnitude] = [0, {max_magnitude!r}], '
                f'got {magnitude!r}'
            )
        self.num_ops = num_ops
        self.level = magnitude / max_magnitude

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw which operations to apply, which way, and where."""
        sizes = {frame.shape[:2] for frame in frames}
        if self.consistent and len(sizes) > 1:
            raise InputError(
                f'one draw for frames of different sizes {sorted(sizes)} (height, width): put a '
                'Resize(size=...) before RandAugment'
            )
        steps = (num_draws, self.num_ops)
        return {
            'operation': rng.integers(_NUM_OPERATIONS, size=steps),
            'sign': rng.choice(np.array([-1, 1]), steps),
            'centre': rng.random((*steps, 2)),
        }

    def apply(self, frames: list[np.ndarray], params: Drawn) -> list[np.ndarray]:
        """Change the frames one by one, or all at once if they share a draw."""
        if len(params['operation']) > 1:
            return super().apply(frames, params)
        return self._distort(frames, **{name: rows[0] for name, rows in params.items()})

    def apply_frame(self, frame: np.ndarray, **drawn: np.ndarray) -> np.ndarray:
        """Change one frame by its own statistics."""
        return self._distort([frame], **drawn)[0]

    def _distort(
        self, frames: list[np.ndarray], operation: np.ndarray, sign: np.ndarray, centre: np.ndarray
    ) -> list[np.ndarray]:
        for number, *whither in zip(operation, sign, centre):
            apply = list(_operations(self.level, *whither).values())[number]
            frames = apply(frames)
        return frames
