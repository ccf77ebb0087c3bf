"""Three crops that cover the long side of a frame."""

from vsslbox.datasets.transforms.augmenting.fixed_crops import FixedCrops
from vsslbox.registry import TRANSFORMS

__all__ = ['ThreeCrops']


@TRANSFORMS.register_module()
class ThreeCrops(FixedCrops):
    """Replace every view by three: squares at the start, the middle and the end of the long side.

    Along the short side the squares lie in the middle; after ``Resize(short_side=size)`` they span
    it. The views of ``clip0`` are ``clip0_left``, ``clip0_middle`` and ``clip0_right``, or
    ``clip0_top``, ``clip0_middle`` and ``clip0_bottom`` where the frame is higher than wide. Their
    frames share memory.

    Required keys: ``views`` (with frames). Modified: ``views``.

    Source: the evaluation of CVRL, offsets at ``linspace(0, long_side - size, 3)``, rounded down.

    Args:
        size: The side of the squares in pixels.
    """

    def places(self, slack_y: int, slack_x: int) -> dict[str, tuple[int, int]]:
        """Return three places along the longer side."""
        if slack_y > slack_x:
            left = slack_x // 2
            return {'top': (0, left), 'middle': (slack_y // 2, left), 'bottom': (slack_y, left)}
        top = slack_y // 2
        return {'left': (top, 0), 'middle': (top, slack_x // 2), 'right': (top, slack_x)}
