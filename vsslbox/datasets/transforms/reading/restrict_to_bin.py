"""Restriction of a video to the bin of a sample."""

from mmcv.transforms import BaseTransform

from vsslbox.datasets.readers import FrameRangeReader
from vsslbox.registry import TRANSFORMS

__all__ = ['RestrictToBin']


@TRANSFORMS.register_module()
class RestrictToBin(BaseTransform):
    """Restrict an open video to the bin of the sample.

    It comes after ``OpenVideo``, and any sampler can follow. Frames are counted from the first of
    the bin, in the views' meta data too.

    Required keys: ``reader``, ``bin`` (see :class:`BinnedVideoDataset`). Modified: ``reader``,
    ``total_frames``.

    Raises:
        VideoError: The video has fewer frames than the list says.
    """

    def transform(self, results: dict) -> dict:
        """Restrict the reader."""
        reader = FrameRangeReader(results['reader'], *results['bin'])
        results.update(reader=reader, total_frames=reader.num_frames)
        return results
