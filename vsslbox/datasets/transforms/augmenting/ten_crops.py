"""Crops of the corners and the centre of a frame, each also mirrored."""

import cv2

from vsslbox.datasets.transforms.augmenting.fixed_crops import FixedCrops, derived_view
from vsslbox.datasets.transforms.augmenting.multi_scale_crop import CORNERS_AND_CENTRE
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['TenCrops']


@TRANSFORMS.register_module()
class TenCrops(FixedCrops):
    """Replace every view by ten: squares at the corners and the centre, each also mirrored.

    The views of ``clip0`` are ``clip0_top_left``, ``clip0_top_left_mirrored``, ... and
    ``clip0_centre_mirrored``.

    Required keys: ``views`` (with frames). Modified: ``views``.

    Source: Wang et al., "Temporal Segment Networks", arXiv:1608.00859, their test; the places, in
    quarters of the room, rounded down, follow mmaction2.

    Args:
        size: The side of the squares in pixels.
    """

    def places(self, slack_y: int, slack_x: int) -> dict[str, tuple[int, int]]:
        """Return the places of the corners and the centre."""
        step_y, step_x = slack_y // 4, slack_x // 4
        return {
            name: (down * step_y, right * step_x)
            for name, (down, right) in CORNERS_AND_CENTRE.items()
        }

    def crops(self, view: View) -> list[View]:
        """Return the squares and their mirror images."""
        return [crop for square in super().crops(view) for crop in (square, _mirrored(square))]


def _mirrored(view: View) -> View:
    return derived_view(view, 'mirrored', [cv2.flip(frame, 1) for frame in view.decoded()])
