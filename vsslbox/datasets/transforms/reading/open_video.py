"""Opening of a video file."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.datasets.readers import FallbackReader, start_reading
from vsslbox.errors import InputError
from vsslbox.registry import TASK_UTILS, TRANSFORMS

__all__ = ['OpenVideo']


@TRANSFORMS.register_module()
class OpenVideo(BaseTransform):
    """Open the video file of a sample, without decoding anything yet.

    Required keys: ``filename``. Optional: ``source``, a :class:`VideoSource` of a video that is no
    file of its own. Added: ``reader``, ``total_frames``, ``fps``; and ``rng``, with draws that no
    seed repeats, if the sample is of no data set of vsslbox.

    Args:
        readers: Names of registered readers, the preferred one first. A file that it cannot read
            is tried with the next. To decode with decord: ``readers=['decord', 'pyav']``.

    Raises:
        InputError: No reader is registered under a name.
        VideoError: None of the readers can open the file, or workers died while they read it.
    """

    def __init__(self, readers: Sequence[str] = ('pyav', 'decord')) -> None:
        self.readers = [readers] if isinstance(readers, str) else list(readers)
        for name in self.readers:
            if TASK_UTILS.get(name) is None:
                raise InputError(
                    f"unknown reader {name!r}: use 'pyav', 'decord', 'torchcodec', 'zip', 'npz', "
                    "'image' or one that you registered in TASK_UTILS"
                )

    def transform(self, results: dict) -> dict:
        """Open the file."""
        start_reading(results['filename'])
        reader = FallbackReader(results['filename'], self.readers, results.get('source'))
        results.update(reader=reader, total_frames=reader.num_frames, fps=reader.fps)
        results.setdefault('rng', np.random.default_rng())
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(readers={self.readers})'
