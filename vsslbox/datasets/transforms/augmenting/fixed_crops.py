"""The base of transforms that cut several fixed crops."""

from abc import abstractmethod
from dataclasses import replace

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.datasets.transforms.augmenting.resize import to_size
from vsslbox.errors import InputError
from vsslbox.structures import View

__all__ = ['FixedCrops', 'derived_view']


def derived_view(view: View, what: str, frames: list[np.ndarray]) -> View:
    """Return a view of other frames, named after ``view`` and ``what``, without boxes."""
    return replace(
        view,
        name=f'{view.name}_{what}',
        frames=frames,
        drawn=dict(view.drawn),
        deferred=dict(view.deferred),
        boxes={},
    )


class FixedCrops(BaseTransform):
    """Replace every view by squares at fixed places, named after the view and the place.

    Required keys: ``views`` (with frames). Modified: ``views``.

    Args:
        size: The side of the squares in pixels.

    Raises:
        InputError: The size is not positive, or a pair of different sides.
    """

    def __init__(self, size: int) -> None:
        height, width = to_size(size)
        if height != width:
            raise InputError(f'{type(self).__name__} cuts squares, got size={size!r}')
        self.size = height

    @abstractmethod
    def places(self, slack_y: int, slack_x: int) -> dict[str, tuple[int, int]]:
        """Return the top left corners of the squares, in pixels, by the places' names.

        Args:
            slack_y: The height of the frame minus that of a square, in pixels.
            slack_x: The same for the width.
        """

    def transform(self, results: dict) -> dict:
        """Replace the views."""
        results['views'] = [crop for view in results['views'] for crop in self.crops(view)]
        return results

    def crops(self, view: View) -> list[View]:
        """Return the views that replace ``view``."""
        name = type(self).__name__
        if not view.frames:
            raise InputError(f'view {view.name!r} has no frames: put DecodeViews before {name}')
        height, width = view.frames[0].shape[:2]
        if min(height, width) < self.size:
            raise InputError(
                f'{name} of {self.size} pixels from a frame of {height}x{width} (height x '
                'width): put a Resize(short_side=...) before it'
            )
        places = self.places(height - self.size, width - self.size)
        return [self._cut(view, place, *corner) for place, corner in places.items()]

    def _cut(self, view: View, place: str, top: int, left: int) -> View:
        rows, columns = slice(top, top + self.size), slice(left, left + self.size)
        return derived_view(view, place, [frame[rows, columns] for frame in view.decoded()])

    def __repr__(self) -> str:
        return f'{type(self).__name__}(size={self.size})'
