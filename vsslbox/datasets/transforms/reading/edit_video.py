"""Edit of an open video, as of a copy."""

from mmcv.transforms import BaseTransform

from vsslbox.datasets.copy_edits import COPY_EDITS, EditedReader
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['EditVideo']


@TRANSFORMS.register_module()
class EditVideo(BaseTransform):
    """Edit an open video as one who copies it, before its frames are resized and cropped.

    The edit's parameters depend on the seed, the edit and the name of the video alone, and are the
    same for all its frames. It comes after ``OpenVideo`` or ``OpenFrames``.

    Required keys: ``reader``; optional: ``attributes`` with the ``name``. Modified: ``reader``,
    ``total_frames``.

    Args:
        edit: ``'crop'``, ``'flip'``, ``'box'``, ``'text'``, ``'blur'``, ``'compression'``,
            ``'picture_in_picture'``, ``'colour'``, ``'speed'`` or ``'trim'``.
        seed: The seed.

    Raises:
        InputError: There is no such edit.
    """

    def __init__(self, edit: str, seed: int = 0) -> None:
        if edit not in COPY_EDITS:
            raise InputError(
                f'edit of EditVideo must be one of {", ".join(COPY_EDITS)}, got {edit!r}'
            )
        self.edit, self.seed = edit, seed

    def transform(self, results: dict) -> dict:
        """Wrap the reader."""
        name = results.get('attributes', {}).get('name', results['reader'].path)
        reader = EditedReader(results['reader'], self.edit, f'{self.seed}/{self.edit}/{name}')
        results.update(reader=reader, total_frames=reader.num_frames)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.edit!r}, seed={self.seed})'
