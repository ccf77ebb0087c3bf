"""Open the video file of a sample."""

from collections.abc import Sequence

from mmcv.transforms import BaseTransform

from vsslbox.datasets.readers import FallbackReader
from vsslbox.registry import TRANSFORMS

__all__ = ['OpenVideo']


@TRANSFORMS.register_module()
class OpenVideo(BaseTransform):
    """Open a video file; nothing is decoded yet.

    Required keys: ``filename``. Added: ``reader``, ``total_frames``, ``fps``.

    Args:
        readers: Names of registered readers. The first is used; the next one where it can't read
            a file. To decode by decord: ``readers=['decord', 'pyav']``.
    """

    def __init__(self, readers: Sequence[str] = ('pyav', 'decord')) -> None:
        self.readers = [readers] if isinstance(readers, str) else list(readers)

    def transform(self, results: dict) -> dict:
        """Open the file."""
        reader = FallbackReader(results['filename'], self.readers)
        results.update(reader=reader, total_frames=reader.num_frames, fps=reader.fps)
        return results
