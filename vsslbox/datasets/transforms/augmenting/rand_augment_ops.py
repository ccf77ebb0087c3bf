"""The operations of RandAugment.

Each takes a list of uint8 RGB frames ``[H, W, 3]`` of one size, none of which it writes to, and
returns as many. An operation that needs statistics takes those of all these frames together, as if
they were one picture. Operations on colours are those of PIL's ``ImageOps`` and ``ImageEnhance``,
but they round where PIL cuts decimals off. Those that move pixels take the nearest pixel, without
interpolation, and fill what they uncover with grey, 128.

The arithmetic differs from :class:`ColorJitter`'s and :class:`RandomRotation`'s by design: here
every operation rounds to uint8, as in PIL, which makes most of them look-up tables, and a rotation
mixes no pixels.
"""

import cv2
import numpy as np

from vsslbox.datasets.transforms.augmenting.pixels import LEVELS, grey_frame, mean_grey
from vsslbox.datasets.transforms.augmenting.solarize import solarize_frame

__all__ = [
    'adjust_brightness',
    'adjust_color',
    'adjust_contrast',
    'adjust_sharpness',
    'auto_contrast',
    'cut_out',
    'equalize',
    'invert',
    'posterize',
    'rotate',
    'shear_x',
    'shear_y',
    'solarize',
    'solarize_add',
    'translate_x',
    'translate_y',
]

_Frames = list[np.ndarray]

_FILL = (128, 128, 128)
_NUDGE = 2**-10  # of a pixel
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13  # PIL's filter of this name


def auto_contrast(frames: _Frames) -> _Frames:
    """Stretch each channel so that its darkest value becomes 0 and its brightest 255."""
    return _map_channels(frames, [_stretched(counts) for counts in _histograms(frames)])


def _stretched(counts: np.ndarray) -> np.ndarray:
    low, high = np.flatnonzero(counts)[[0, -1]]
    return LEVELS if low == high else (LEVELS - low) * (255 / (high - low))


def equalize(frames: _Frames) -> _Frames:
    """Make the values of each channel about equally frequent."""
    return _map_channels(frames, [_equalized(counts) for counts in _histograms(frames)])


def _equalized(counts: np.ndarray) -> np.ndarray:
    brightest = counts[np.flatnonzero(counts)[-1]]
    step = (counts.sum() - brightest) // 255
    if step == 0:
        return LEVELS
    below = np.cumsum(counts) - counts
    return (below + step // 2) // step


def invert(frames: _Frames) -> _Frames:
    """Replace all values by their negative."""
    return _map_values(frames, 255 - LEVELS)


def posterize(frames: _Frames, bits: int) -> _Frames:
    """Keep the highest ``bits`` of the 8 bits of each value."""
    return _map_values(frames, LEVELS & (256 - 2 ** (8 - bits)))


def solarize(frames: _Frames, threshold: float) -> _Frames:
    """Replace values that reach a threshold by their negative."""
    return [solarize_frame(frame, threshold) for frame in frames]


def solarize_add(frames: _Frames, addition: int) -> _Frames:
    """Add to values below 128."""
    return _map_values(frames, np.where(LEVELS < 128, LEVELS + addition, LEVELS))


def adjust_brightness(frames: _Frames, factor: float) -> _Frames:
    """Scale all values."""
    return _map_values(frames, factor * LEVELS)


def adjust_contrast(frames: _Frames, factor: float) -> _Frames:
    """Scale the difference to the mean grey."""
    mean = np.mean([mean_grey(frame) for frame in frames])
    return _map_values(frames, mean + factor * (LEVELS - mean))


def adjust_color(frames: _Frames, factor: float) -> _Frames:
    """Scale the difference to the picture in greys."""
    return [_blend(frame, factor, grey_frame(frame)) for frame in frames]


def adjust_sharpness(frames: _Frames, factor: float) -> _Frames:
    """Scale the difference to the smoothed picture; pixels on the border stay."""
    return [_blend(frame, factor, _smoothed(frame)) for frame in frames]


def _smoothed(frame: np.ndarray) -> np.ndarray:
    smooth = frame.copy()
    smooth[1:-1, 1:-1] = cv2.filter2D(frame, -1, _SMOOTH)[1:-1, 1:-1]
    return smooth


def rotate(frames: _Frames, degrees: float) -> _Frames:
    """Rotate about the centre, counter-clockwise."""
    height, width = frames[0].shape[:2]
    centre = ((width - 1) / 2, (height - 1) / 2)
    return _warp(frames, cv2.getRotationMatrix2D(centre, -degrees, 1))


def shear_x(frames: _Frames, slope: float) -> _Frames:
    """Move row ``y`` to the left by ``slope * y`` pixels."""
    return _warp(frames, [[1, slope, 0], [0, 1, 0]])


def shear_y(frames: _Frames, slope: float) -> _Frames:
    """Move column ``x`` up by ``slope * x`` pixels."""
    return _warp(frames, [[1, 0, 0], [slope, 1, 0]])


def translate_x(frames: _Frames, share: float) -> _Frames:
    """Move to the left by a share of the width, in whole pixels."""
    return _warp(frames, [[1, 0, round(share * frames[0].shape[1])], [0, 1, 0]])


def translate_y(frames: _Frames, share: float) -> _Frames:
    """Move up by a share of the height, in whole pixels."""
    return _warp(frames, [[1, 0, 0], [0, 1, round(share * frames[0].shape[0])]])


def cut_out(frames: _Frames, share: float, centre: np.ndarray) -> _Frames:
    """Cover a square with grey.

    Args:
        frames: The frames.
        share: Half of the square's side as a share of the frames' shorter side; the product is
            rounded down to pixels.
        centre: The square's middle ``[2]``, ``(y, x)``, in normalised coordinates in
            [0, 1). Part of the square may lie outside.
    """
    height, width = frames[0].shape[:2]
    half = int(share * min(height, width))
    y, x = int(centre[0] * height), int(centre[1] * width)
    covered = [frame.copy() for frame in frames]
    for frame in covered:
        frame[max(0, y - half) : y + half, max(0, x - half) : x + half] = _FILL
    return covered


def _histograms(frames: _Frames) -> list[np.ndarray]:
    """Count how often each value occurs, ``[256]`` for each channel."""
    return [np.sum([_counts(frame, channel) for frame in frames], axis=0) for channel in range(3)]


def _counts(frame: np.ndarray, channel: int) -> np.ndarray:
    """Count as integers: OpenCV's float32 can't count all pixels of a clip."""
    return cv2.calcHist([frame], [channel], None, [256], [0, 256]).ravel().astype(int)


def _map_values(frames: _Frames, table: np.ndarray) -> _Frames:
    """Replace each value by its entry, rounded and clipped, in ``table`` ``[256]``."""
    table = np.rint(table).clip(0, 255).astype(np.uint8)
    return [cv2.LUT(frame, table) for frame in frames]


def _map_channels(frames: _Frames, tables: list[np.ndarray]) -> _Frames:
    """Replace each value by its entry in the table of its channel."""
    return _map_values(frames, np.stack(tables, axis=-1)[None])


def _blend(frame: np.ndarray, factor: float, other: np.ndarray) -> np.ndarray:
    return cv2.addWeighted(frame, factor, other, 1 - factor, 0)


def _warp(frames: _Frames, matrix: list[list[float]] | np.ndarray) -> _Frames:
    """Fetch the pixel at (x, y) from ``matrix @ (x, y, 1)``."""
    height, width = frames[0].shape[:2]
    # Of two equally near pixels OpenCV 5 takes the even one, and a row that a shear moves by half a
    # pixel has no others. The nudge makes it the right or lower one.
    leaning = np.add(matrix, [0, 0, _NUDGE])
    return [
        cv2.warpAffine(
            frame,
            leaning,
            (width, height),
            flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=_FILL,
        )
        for frame in frames
    ]
