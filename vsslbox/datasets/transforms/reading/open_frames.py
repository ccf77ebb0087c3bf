"""Opening of a folder of frames."""

from mmcv.transforms import BaseTransform

from vsslbox.datasets.readers import FramesReader, start_reading
from vsslbox.registry import TRANSFORMS

__all__ = ['OpenFrames']


@TRANSFORMS.register_module()
class OpenFrames(BaseTransform):
    """Open the folder of frames of a sample.

    Required keys: ``frame_dir``, ``total_frames``, ``filename_tmpl``, ``start_index``; optional:
    ``offset``. Added: ``reader``, ``fps`` (0: unknown).
    """

    def transform(self, results: dict) -> dict:
        """Open the folder."""
        start_reading(results['frame_dir'])
        results['reader'] = FramesReader(
            results['frame_dir'],
            results['total_frames'],
            results['filename_tmpl'],
            results['start_index'] + results.get('offset', 0),
        )
        results['fps'] = 0.0
        return results
