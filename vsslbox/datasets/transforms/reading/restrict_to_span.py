"""Restriction of a video to a part of its length."""

from mmcv.transforms import BaseTransform

from vsslbox.datasets.readers import FrameRangeReader
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['RestrictToSpan']


@TRANSFORMS.register_module()
class RestrictToSpan(BaseTransform):
    """Restrict an open video to a part of its length, of one frame at least.

    It comes after ``OpenVideo`` or ``OpenFrames``, and any sampler can follow. Frames are counted
    from the first of the part, in the views' meta data too.

    Required keys: ``reader``. Modified: ``reader``, ``total_frames``.

    Args:
        start: Where the part begins, relative to the length.
        end: Where it ends.

    Raises:
        InputError: ``start`` and ``end`` are not in this order in [0, 1].
    """

    def __init__(self, start: float, end: float) -> None:
        if not 0 <= start < end <= 1:
            raise InputError(f'RestrictToSpan needs 0 <= start < end <= 1, got {start} and {end}')
        self.start = start
        self.end = end

    def transform(self, results: dict) -> dict:
        """Restrict the reader."""
        whole = results['reader']
        first = min(round(self.start * whole.num_frames), whole.num_frames - 1)
        reader = FrameRangeReader(whole, first, max(first + 1, round(self.end * whole.num_frames)))
        results.update(reader=reader, total_frames=reader.num_frames)
        return results
