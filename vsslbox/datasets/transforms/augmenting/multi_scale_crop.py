"""Cut out a box from one of a few places, in one of a few sizes, and scale it to a fixed size."""

from collections.abc import Sequence

import numpy as np

from vsslbox.datasets.transforms.augmenting.random_resized_crop import RandomResizedCrop
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['CORNERS_AND_CENTRE', 'MultiScaleCrop']

# Where a box starts: how many quarters of the free room lie above it and to its left.
CORNERS_AND_CENTRE = {
    'top_left': (0, 0),
    'top_right': (0, 4),
    'bottom_left': (4, 0),
    'bottom_right': (4, 4),
    'centre': (2, 2),
}
_FIVE = tuple(CORNERS_AND_CENTRE.values())
_SIDES = ((0, 2), (2, 0), (2, 4), (4, 2))
_BETWEEN = ((1, 1), (1, 3), (3, 1), (3, 3))
_PLACES = {5: _FIVE, 13: (*_FIVE, *_SIDES, *_BETWEEN)}

# A side within this many pixels of the wanted length gets the wanted length.
_CLOSE = 2


@TRANSFORMS.register_module()
class MultiScaleCrop(RandomResizedCrop):
    """Cut out a box from one of a few places, in one of a few sizes, and scale it to a fixed size.

    The height and the width of the box are the frame's short side times a scale each. The pair of
    scales is uniform over the allowed pairs. The place is uniform over the corners and the centre,
    or over 13 places: these, the middles of the sides, and the middles between the corners and the
    centre.

    Draws ``box`` ``[n, 4]``: top, left, height, width, in pixels.

    Source: Wang et al., "Temporal Segment Networks", arXiv:1608.00859; the 13 places, quarters
    rounded down, and sides of nearly the wanted length follow mmaction2. VIE fine-tunes with
    squares.

    Args:
        size: Side, or (height, width), of the result in pixels.
        scales: The scales, sorted by size.
        max_scale_gap: How many entries of ``scales`` the height's scale may be away from the
            width's. 0 makes squares.
        num_positions: 5 or 13.
        consistent: Whether all frames of a view share one box.
    """

    def __init__(
        self,
        size: int | Sequence[int] = 224,
        scales: Sequence[float] = (1, 0.875, 0.75, 0.66),
        max_scale_gap: int = 1,
        num_positions: int = 5,
        consistent: bool = True,
    ) -> None:
        super().__init__(size, consistent=consistent)
        if not scales or not all(0 < scale <= 1 for scale in scales):
            raise InputError(f'scales must be numbers in (0, 1], got {scales!r}')
        if num_positions not in _PLACES:
            raise InputError(f'num_positions must be 5 or 13, got {num_positions!r}')
        self.scales = [
            (scale_y, scale_x)
            for i, scale_y in enumerate(scales)
            for j, scale_x in enumerate(scales)
            if abs(i - j) <= max_scale_gap
        ]
        self.places = _PLACES[num_positions]

    def _draw_box(
        self, rng: np.random.Generator, height: int, width: int
    ) -> tuple[int, int, int, int]:
        short_side = min(height, width)
        scales = self.scales[rng.integers(len(self.scales))]
        box_height, box_width = (
            _side(short_side, scale, side) for scale, side in zip(scales, self.size)
        )
        down, right = self.places[rng.integers(len(self.places))]
        top, left = down * ((height - box_height) // 4), right * ((width - box_width) // 4)
        return top, left, box_height, box_width


def _side(short_side: int, scale: float, wanted: int) -> int:
    """Return the length of one side of a box in pixels."""
    side = max(1, int(short_side * scale))
    return min(wanted, short_side) if abs(side - wanted) <= _CLOSE else side
