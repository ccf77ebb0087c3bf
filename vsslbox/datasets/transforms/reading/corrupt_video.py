"""Corruption of an open video."""

from mmcv.transforms import BaseTransform

from vsslbox.datasets.corruptions import CORRUPTIONS, CorruptedReader
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['CorruptVideo']

MOST_SEVERE = 5


@TRANSFORMS.register_module()
class CorruptVideo(BaseTransform):
    """Corrupt an open video, before its frames are resized and cropped.

    What is drawn depends on the seed, the name of the video, the kind and the number of the frame
    alone: a higher severity is more of the same. See ``CORRUPTIONS`` for kinds and parameters.

    It comes after ``OpenVideo`` or ``OpenFrames``. Required keys: ``reader``; optional:
    ``attributes`` with the ``name``. Modified: ``reader``.

    Args:
        kind: The corruption, such as ``'motion_blur'``.
        severity: 1 to 5; 0 leaves the video as it is.
        seed: The seed.

    Raises:
        InputError: There is no such kind or severity.
    """

    def __init__(self, kind: str, severity: int, seed: int = 0) -> None:
        if kind not in CORRUPTIONS:
            raise InputError(
                f'kind of CorruptVideo must be one of {", ".join(CORRUPTIONS)}, got {kind!r}'
            )
        if severity not in range(MOST_SEVERE + 1):
            raise InputError(
                f'severity of CorruptVideo must be an integer from 0 (none) to {MOST_SEVERE}, got '
                f'{severity!r}'
            )
        self.kind, self.severity, self.seed = kind, severity, seed

    def transform(self, results: dict) -> dict:
        """Wrap the reader."""
        if self.severity:
            name = results.get('attributes', {}).get('name', results['reader'].path)
            key = f'{self.seed}/{self.kind}/{name}'
            results['reader'] = CorruptedReader(results['reader'], self.kind, self.severity, key)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.kind!r}, {self.severity}, seed={self.seed})'
