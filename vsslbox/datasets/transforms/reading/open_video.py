"""Open the video file of a sample."""

from collections.abc import Sequence

from mmcv.transforms import BaseTransform

from vsslbox.datasets.readers import FallbackReader
from vsslbox.errors import InputError
from vsslbox.registry import TASK_UTILS, TRANSFORMS

__all__ = ['OpenVideo']


@TRANSFORMS.register_module()
class OpenVideo(BaseTransform):
    """Open a video file; nothing is decoded yet.

    Required keys: ``filename``. Added: ``reader``, ``total_frames``, ``fps``.

    Args:
        readers: Names of registered readers. The first is used; the next one where it can't read
            a file. To decode by decord: ``readers=['decord', 'pyav']``.

    Raises:
        InputError: No reader is registered by such a name.
        VideoError: None of the readers can open the file.
    """

    def __init__(self, readers: Sequence[str] = ('pyav', 'decord')) -> None:
        self.readers = [readers] if isinstance(readers, str) else list(readers)
        for name in self.readers:
            if TASK_UTILS.get(name) is None:
                raise InputError(
                    f"unknown reader {name!r}: give 'pyav', 'decord', 'torchcodec', 'zip', 'image' "
                    'or one that you registered in TASK_UTILS'
                )

    def transform(self, results: dict) -> dict:
        """Open the file."""
        reader = FallbackReader(results['filename'], self.readers)
        results.update(reader=reader, total_frames=reader.num_frames, fps=reader.fps)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(readers={self.readers})'
