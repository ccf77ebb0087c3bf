"""Cut out a random box by TensorFlow's law and scale it to a fixed size."""

import math
from collections.abc import Sequence

import numpy as np

from vsslbox.datasets.transforms.augmenting.random_resized_crop import RandomResizedCrop
from vsslbox.registry import TRANSFORMS

__all__ = ['DistortedBoxCrop']

_ATTEMPTS = 100
_NEARLY_HALF = 0.5 - 1e-7


@TRANSFORMS.register_module()
class DistortedBoxCrop(RandomResizedCrop):
    """Cut out a box of random shape, size and place, and scale it to a fixed size.

    The law is that of TensorFlow's ``sample_distorted_bounding_box`` with the whole frame as the
    only object, which CVRL's code uses. Unlike in :class:`RandomResizedCrop`, the aspect ratio is
    uniform, and given that, the height is uniform over the integers that area and frame allow; no
    box touches the frame's lower or right border unless it is as high or as wide as the frame. The
    first of 100 boxes that fits is used; if none does, the whole frame.

    Draws ``box`` ``[n, 4]``: top, left, height, width, in pixels.

    Args:
        size: Side, or (height, width), of the result in pixels.
        area: Smallest and largest share of the frame's area.
        ratio: Smallest and largest width / height of the box.
        consistent: Whether all frames of a view share one box.
    """

    def __init__(
        self,
        size: int | Sequence[int] = 224,
        area: Sequence[float] = (0.3, 1.0),
        ratio: Sequence[float] = (0.5, 2.0),
        consistent: bool = True,
    ) -> None:
        super().__init__(size, area, ratio, consistent)

    def _draw_box(
        self, rng: np.random.Generator, height: int, width: int
    ) -> tuple[int, int, int, int]:
        for _ in range(_ATTEMPTS):
            box = self._draw_sides(rng, height, width)
            if box is not None:
                top, left = _draw_start(rng, height - box[0]), _draw_start(rng, width - box[1])
                return top, left, *box
        return 0, 0, height, width

    def _draw_sides(
        self, rng: np.random.Generator, height: int, width: int
    ) -> tuple[int, int] | None:
        """Draw the height and width of a box; None if they are out of bounds."""
        narrowest, widest = self.ratio
        aspect = rng.uniform(narrowest, widest)
        least, most = (share * height * width for share in self.area)
        highest = min(_highest(math.sqrt(most / aspect), aspect, width), height)
        lowest = min(round(math.sqrt(least / aspect)), highest)
        box_height = int(rng.integers(lowest, highest + 1))
        # Rounding may have moved the area just out of its bounds.
        if box_height * round(box_height * aspect) < least:
            box_height += 1
        if box_height * round(box_height * aspect) > most:
            box_height -= 1
        box_width = round(box_height * aspect)
        fits = 0 < box_height <= height and 0 < box_width <= width
        return (box_height, box_width) if fits and least <= box_height * box_width <= most else None


def _highest(height: float, aspect: float, width: int) -> int:
    """Round ``height``, but at most to the height of the highest box that is not too wide."""
    height = round(height)
    if round(height * aspect) > width:
        height = math.floor((width + _NEARLY_HALF) / aspect)
    return height - (round(height * aspect) > width)


def _draw_start(rng: np.random.Generator, slack: int) -> int:
    return int(rng.integers(slack)) if slack else 0
