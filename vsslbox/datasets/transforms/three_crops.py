"""Three crops that cover the long side of a frame."""

from dataclasses import replace

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.datasets.transforms.resize import to_size
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['ThreeCrops']


@TRANSFORMS.register_module()
class ThreeCrops(BaseTransform):
    """Replace every view by three: squares at the start, the middle and the end of the long side.

    Along the short side the squares lie in the middle; after ``Resize(short_side=size)`` they span
    it. The views of ``clip0`` are ``clip0_left``, ``clip0_middle`` and ``clip0_right``, or
    ``clip0_top``, ``clip0_middle`` and ``clip0_bottom`` where the frame is higher than wide. Their
    frames are parts of the same memory.

    Required keys: ``views`` (with frames). Modified: ``views``.

    Source: the evaluation of CVRL, offsets at ``linspace(0, long_side - size, 3)``, rounded down.

    Args:
        size: The side of the squares in pixels.
    """

    def __init__(self, size: int) -> None:
        self.size = to_size(size)[0]

    def transform(self, results: dict) -> dict:
        """Replace the views."""
        results['views'] = [crop for view in results['views'] for crop in self._crops(view)]
        return results

    def _crops(self, view: View) -> list[View]:
        if not view.frames:
            raise ValueError(f'view {view.name!r} has no frames: put DecodeViews before ThreeCrops')
        slack_y, slack_x = (side - self.size for side in view.frames[0].shape[:2])
        if min(slack_y, slack_x) < 0:
            height, width = view.frames[0].shape[:2]
            raise ValueError(
                f'ThreeCrops of {self.size} pixels from a frame of {height}x{width} (height x '
                'width): put a Resize(short_side=...) before it'
            )
        if slack_y > slack_x:
            places = {'top': 0, 'middle': slack_y // 2, 'bottom': slack_y}
            return [self._cut(view, name, top, slack_x // 2) for name, top in places.items()]
        places = {'left': 0, 'middle': slack_x // 2, 'right': slack_x}
        return [self._cut(view, name, slack_y // 2, left) for name, left in places.items()]

    def _cut(self, view: View, place: str, top: int, left: int) -> View:
        rows, columns = slice(top, top + self.size), slice(left, left + self.size)
        frames: list[np.ndarray] = [frame[rows, columns] for frame in view.frames]
        return replace(
            view,
            name=f'{view.name}_{place}',
            frames=frames,
            drawn=dict(view.drawn),
            deferred=dict(view.deferred),
        )

    def __repr__(self) -> str:
        return f'{type(self).__name__}(size={self.size})'
