"""Cut the middle out of every frame."""

from collections.abc import Sequence

import numpy as np

from vsslbox.datasets.transforms.augmenting.crop_boxes import crop_boxes
from vsslbox.datasets.transforms.augmenting.resize import to_size
from vsslbox.datasets.transforms.augmenting.view_transform import ViewTransform
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['CenterCrop']


@TRANSFORMS.register_module()
class CenterCrop(ViewTransform):
    """Cut the middle out of every frame.

    Args:
        size: A side, or (height, width), in pixels.
    """

    def __init__(self, size: int | Sequence[int]) -> None:
        super().__init__()
        self.size = to_size(size)

    def apply_frame(self, frame: np.ndarray) -> np.ndarray:
        """Cut the middle out of ``frame``."""
        height, width = self.size
        top, left = self._corner(frame.shape[:2])
        if top < 0 or left < 0:
            raise InputError(
                f'CenterCrop of {height}x{width} from a frame of {frame.shape[0]}x'
                f'{frame.shape[1]} (height x width): put a Resize before it'
            )
        return frame[top : top + height, left : left + width]

    def move_boxes(self, boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Convert the boxes to normalised coordinates of the crop."""
        return crop_boxes(boxes, size, self._corner(size), self.size)

    def _corner(self, size: tuple[int, int]) -> tuple[int, int]:
        return (size[0] - self.size[0]) // 2, (size[1] - self.size[1]) // 2
