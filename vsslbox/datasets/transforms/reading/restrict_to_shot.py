"""Restriction of a video to the shot of a sample."""

import math

from mmcv.transforms import BaseTransform

from vsslbox.datasets.readers import FrameRangeReader, VideoError
from vsslbox.registry import TRANSFORMS

__all__ = ['RestrictToShot']

SLACK = 0.01  # of a frame, for times that were rounded
BEYOND = 0.1  # seconds after the end of the video, where the frames a second are approximate


@TRANSFORMS.register_module()
class RestrictToShot(BaseTransform):
    """Restrict an open video to the shot of the sample: the frames whose times are in it.

    It comes after ``OpenVideo``, and any sampler can follow. Frames are counted from the first of
    the shot, in the views' meta data too. Frame ``i`` has the time ``i / fps``.

    Required keys: ``reader``, ``shot`` (see :class:`ShotDataset`). Modified: ``reader``,
    ``total_frames``.

    Raises:
        VideoError: The video has no frame in the shot, or ends more than 0.1 s before its end.
    """

    def transform(self, results: dict) -> dict:
        """Restrict the reader."""
        whole, (start, end) = results['reader'], results['shot']
        first, last = (math.ceil(time * whole.fps - SLACK) for time in (start, end))
        if last <= whole.num_frames + BEYOND * whole.fps:
            last = min(last, whole.num_frames)
        if first >= last:
            raise VideoError(whole.path, f'has no frame from {start:g} to {end:g} s')
        reader = FrameRangeReader(whole, first, last)
        results.update(reader=reader, total_frames=reader.num_frames)
        return results
