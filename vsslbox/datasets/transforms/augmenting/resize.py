"""Scale frames to a fixed size, or to a fixed short side."""

from collections.abc import Sequence

import cv2
import numpy as np

from vsslbox.datasets.readers.limits import VIDEO_BYTES, TooLargeError
from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['Resize', 'refuse_long_sides', 'resize_image', 'size_of_short_side', 'to_size']


def to_size(size: int | Sequence[int]) -> tuple[int, int]:
    """Convert the ``size`` of a config, a side or a pair, to (height, width) in pixels."""
    sides = (size, size) if isinstance(size, int) else tuple(size)
    if len(sides) != 2 or not all(isinstance(side, int) and side > 0 for side in sides):
        raise InputError(
            f'size must be a positive integer or a pair (height, width) of them, got {size!r}'
        )
    return sides


def size_of_short_side(height: int, width: int, short_side: int) -> tuple[int, int]:
    """Return the height and width, in pixels, of an image scaled to a short side."""
    scale = short_side / min(height, width)
    return round(height * scale), round(width * scale)


def refuse_long_sides(frames: list[np.ndarray], short_side: int) -> None:
    """Refuse frames that are so thin that they need too much memory when they have a short side.

    Raises:
        TooLargeError: They would have more bytes than a reader may decode.
    """
    sizes = [size_of_short_side(frame.shape[0], frame.shape[1], short_side) for frame in frames]
    if 3 * sum(height * width for height, width in sizes) > VIDEO_BYTES.value:
        raise TooLargeError(
            '',
            f'{len(frames)} frames with a short side of {short_side} pixels, up to '
            f'{max(map(max, sizes))} long, need more than {VIDEO_BYTES.value} bytes; '
            f'{VIDEO_BYTES.variable} raises this limit',
        )


def resize_image(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale an image ``[H, W, 3]`` with OpenCV.

    Bilinear, without the smoothing of PIL for smaller images: up to a factor of 2, the most that
    occurs with the usual 256-pixel videos, this is seven times faster and about one grey level away
    from it on average. Beyond that bilinear would skip pixels and alias, so a side that shrinks by
    more is first halved, by averages of two pixels, as often as needed; an odd last row or column
    is left out. Averages over the exact areas take five times as long.
    """
    while image.shape[0] > 2 * height or image.shape[1] > 2 * width:
        rows, columns = (1 + (s > 2 * t) for s, t in zip(image.shape, (height, width)))
        half_height, half_width = image.shape[0] // rows, image.shape[1] // columns
        even = image[: rows * half_height, : columns * half_width]
        # At a factor of 2 bilinear is the average, and faster than OpenCV's averaging of areas.
        image = cv2.resize(even, (half_width, half_height), interpolation=cv2.INTER_LINEAR)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)


@TRANSFORMS.register_module()
class Resize(ViewTransform):
    """Scale the frames. Exactly one of the arguments is given.

    Args:
        short_side: Length of the shorter side in pixels; the other keeps the aspect ratio.
        size: A side, or (height, width), in pixels; the aspect ratio is not kept.
    """

    def __init__(
        self, short_side: int | None = None, size: int | Sequence[int] | None = None
    ) -> None:
        super().__init__()
        if (short_side is None) == (size is None):
            raise InputError(
                'Resize takes either short_side or size, got '
                f'short_side={short_side!r} and size={size!r}'
            )
        self.short_side = None if short_side is None else to_size(short_side)[0]
        self.size = None if size is None else to_size(size)

    def apply(self, frames: list[np.ndarray], params: Drawn) -> list[np.ndarray]:
        """Scale the frames if they are not too thin."""
        if self.short_side is not None:
            refuse_long_sides(frames, self.short_side)
        return super().apply(frames, params)

    def apply_frame(self, frame: np.ndarray) -> np.ndarray:
        """Scale ``frame``."""
        size = self.size
        if self.short_side is not None:
            height, width = frame.shape[:2]
            size = size_of_short_side(height, width, self.short_side)
        assert size is not None  # one of both is given
        return resize_image(frame, *size)

    def move_boxes(self, boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return the boxes as they are: normalised coordinates do not change."""
        return boxes
