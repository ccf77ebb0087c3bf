"""Cut out a random box and scale it to a fixed size."""

from collections.abc import Sequence

import numpy as np

from vsslbox.datasets.transforms.augmenting.crop_boxes import crop_boxes
from vsslbox.datasets.transforms.augmenting.resize import resize_image, to_size
from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['RandomResizedCrop']

_ATTEMPTS = 10


@TRANSFORMS.register_module()
class RandomResizedCrop(ViewTransform):
    """Cut out a box of random area, shape and place, and scale it to a fixed size.

    The law is that of torchvision's transform of this name. Of ten boxes with uniform area and
    log-uniform aspect ratio, the first that fits into the frame is placed uniformly. If none fits,
    the box is the largest one in the middle of the frame with an allowed aspect ratio.

    Draws ``box`` ``[n, 4]``: top, left, height, width, in pixels.

    Args:
        size: Side, or (height, width), of the result in pixels.
        area: Smallest and largest share of the frame's area.
        ratio: Smallest and largest width / height of the box.
        consistent: Whether all frames of a view share one box.
    """

    def __init__(
        self,
        size: int | Sequence[int] = 224,
        area: Sequence[float] = (0.2, 1.0),
        ratio: Sequence[float] = (3 / 4, 4 / 3),
        consistent: bool = True,
    ) -> None:
        super().__init__(consistent)
        self.size = to_size(size)
        self.area = tuple(area)
        self.ratio = tuple(ratio)
        if not (len(self.area) == 2 and 0 < self.area[0] <= self.area[1] <= 1):
            raise InputError(f'area must be (low, high) with 0 < low <= high <= 1, got {area!r}')
        if not (len(self.ratio) == 2 and 0 < self.ratio[0] <= self.ratio[1]):
            raise InputError(f'ratio must be (low, high) with 0 < low <= high, got {ratio!r}')

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw boxes that lie within the frames."""
        sizes = [frame.shape[:2] for frame in frames]
        if self.consistent and len(set(sizes)) > 1:
            raise InputError(
                f'one box for frames of different sizes {sorted(set(sizes))} (height, width): '
                f'put a Resize(size=...) before {type(self).__name__}'
            )
        return {'box': np.array([self._draw_box(rng, *size) for size in sizes[:num_draws]])}

    def _draw_box(
        self, rng: np.random.Generator, height: int, width: int
    ) -> tuple[int, int, int, int]:
        smallest, largest = self.area
        areas = rng.uniform(smallest, largest, _ATTEMPTS) * height * width
        low, high = np.log(self.ratio)
        ratios = np.exp(rng.uniform(low, high, _ATTEMPTS))
        heights = np.rint(np.sqrt(areas / ratios)).astype(int)
        widths = np.rint(np.sqrt(areas * ratios)).astype(int)
        fits = (heights > 0) & (heights <= height) & (widths > 0) & (widths <= width)
        if not fits.any():
            return self._middle_box(height, width)
        first = fits.argmax()
        top = rng.integers(height - heights[first] + 1)
        left = rng.integers(width - widths[first] + 1)
        return top, left, heights[first], widths[first]

    def _middle_box(self, height: int, width: int) -> tuple[int, int, int, int]:
        low, high = self.ratio
        box_height = min(height, max(1, round(width / low)))
        box_width = min(width, max(1, round(height * high)))
        return (height - box_height) // 2, (width - box_width) // 2, box_height, box_width

    def apply_frame(self, frame: np.ndarray, box: np.ndarray) -> np.ndarray:
        """Cut the box out and scale it."""
        top, left, height, width = box
        return resize_image(frame[top : top + height, left : left + width], *self.size)

    def move_boxes(self, boxes: np.ndarray, size: tuple[int, int], box: np.ndarray) -> np.ndarray:
        """Convert the boxes to normalised coordinates of the crop."""
        return crop_boxes(boxes, size, box[:2], box[2:])
