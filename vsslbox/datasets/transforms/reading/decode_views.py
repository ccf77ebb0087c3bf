"""Decoding of all views of a sample at once."""

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.datasets.readers import finish_reading
from vsslbox.registry import TRANSFORMS

__all__ = ['DecodeViews']


@TRANSFORMS.register_module()
class DecodeViews(BaseTransform):
    """Decode each needed frame once, and hand it to all views that need it.

    Views that share a frame share its array, which no transform changes in place.

    Required keys: ``reader``, ``views``. Removed: ``reader``, which is closed.

    Raises:
        VideoError: A frame could not be decoded.
        ValueError: A sampler chose a frame that the video does not have.
    """

    def transform(self, results: dict) -> dict:
        """Fill in the frames of the views, and close the reader."""
        views, reader = results['views'], results.pop('reader')
        indices = np.unique(np.concatenate([view.frame_indices for view in views])).tolist()
        try:
            if indices[0] < 0 or indices[-1] >= reader.num_frames:
                raise ValueError(
                    f'the views ask for frames {indices[0]} to {indices[-1]} of {reader.path}, '
                    f'which has {reader.num_frames}: the sampler must stay within total_frames'
                )
            frames = dict(zip(indices, reader.read(indices), strict=True))
        finally:
            reader.close()
            finish_reading()
        for view in views:
            view.frames = [frames[index] for index in view.frame_indices.tolist()]
        return results
