"""The rotations of 3D-RotNet."""

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.datasets.transforms.augmenting.fixed_crops import derived_view
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['RotateViews']

_TURNS = range(4)


@TRANSFORMS.register_module()
class RotateViews(BaseTransform):
    """Replace each view by its rotations of 0, 90, 180 and 270 degrees, counter-clockwise.

    The rotations ``NAME_0``, ``NAME_90``, ... of a view share what was drawn before. The target
    ``pretext_label`` has the number of quarter turns of each of the new views.

    Required keys: ``views`` (with square frames). Modified: ``views``.

    Source: Jing et al., "Self-Supervised Spatiotemporal Feature Learning via Video Rotation
    Prediction", section 3; all four rotations in one batch following the authors' code.

    Raises:
        InputError: The frames are missing or not square, or the views have boxes.
    """

    def transform(self, results: dict) -> dict:
        """Replace the views, and add the target."""
        views = results['views']
        for view in views:
            _check(view)
        results['views'] = [_rotated(view, turns) for view in views for turns in _TURNS]
        targets = results.setdefault('targets', {})
        targets['pretext_label'] = np.tile(_TURNS, len(views))
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}()'


def _rotated(view: View, turns: int) -> View:
    frames = [np.ascontiguousarray(np.rot90(frame, turns)) for frame in view.decoded()]
    return derived_view(view, str(90 * turns), frames)


def _check(view: View) -> None:
    if view.frames is None:
        raise InputError(
            f'view {view.name!r} has no frames yet: put DecodeViews before RotateViews'
        )
    if view.boxes:
        raise InputError(f'RotateViews cannot move the boxes of view {view.name!r}')
    height, width = view.frames[0].shape[:2]
    if height != width:
        raise InputError(
            f'the frames of view {view.name!r} have {width}x{height} pixels: put a square crop '
            'before RotateViews'
        )
