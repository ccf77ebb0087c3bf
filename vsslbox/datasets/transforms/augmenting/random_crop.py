"""Cut a box of fixed size out of a random place."""

from collections.abc import Sequence

import numpy as np

from vsslbox.datasets.transforms.augmenting.crop_boxes import crop_boxes
from vsslbox.datasets.transforms.augmenting.resize import to_size
from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['RandomCrop']


@TRANSFORMS.register_module()
class RandomCrop(ViewTransform):
    """Cut a box of fixed size out of a random place.

    Draws ``corner`` ``[n, 2]``: top and left, in pixels.

    Args:
        size: A side, or (height, width), in pixels.
        consistent: Whether all frames of a view share one place.
    """

    def __init__(self, size: int | Sequence[int] = 224, consistent: bool = True) -> None:
        super().__init__(consistent)
        self.size = to_size(size)

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw a corner within the frames."""
        room = np.array([frame.shape[:2] for frame in frames]) - np.array(self.size)
        if (room < 0).any():
            smallest = tuple((room.min(0) + self.size).tolist())
            raise InputError(
                f'RandomCrop of {self.size} from a frame of {smallest} (height, width): put a '
                'Resize or RandomShortSide before it'
            )
        if self.consistent:  # the box must lie within every frame
            room = room.min(0, keepdims=True)
        return {'corner': rng.integers(room + 1, size=(num_draws, 2))}

    def apply_frame(self, frame: np.ndarray, corner: np.ndarray) -> np.ndarray:
        """Cut the box out."""
        (top, left), (height, width) = corner, self.size
        return frame[top : top + height, left : left + width]

    def move_boxes(
        self, boxes: np.ndarray, size: tuple[int, int], corner: np.ndarray
    ) -> np.ndarray:
        """Convert the boxes to normalised coordinates of the crop."""
        return crop_boxes(boxes, size, corner, self.size)
