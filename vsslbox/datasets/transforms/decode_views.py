"""Decode the frames of all views of a sample at once."""

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.registry import TRANSFORMS

__all__ = ['DecodeViews']


@TRANSFORMS.register_module()
class DecodeViews(BaseTransform):
    """Decode each frame that some view needs once, and hand it to all that need it.

    Views that share a frame share its array, which no transform changes in place.

    Required keys: ``reader``, ``views``. Removed: ``reader``, which is closed.
    """

    def transform(self, results: dict) -> dict:
        """Fill in the frames of the views."""
        views, reader = results['views'], results.pop('reader')
        indices = np.unique(np.concatenate([view.frame_indices for view in views])).tolist()
        try:
            frames = dict(zip(indices, reader.read(indices), strict=True))
        finally:
            reader.close()
        for view in views:
            view.frames = [frames[index] for index in view.frame_indices.tolist()]
        return results
