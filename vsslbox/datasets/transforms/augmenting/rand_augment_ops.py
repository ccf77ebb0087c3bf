"""The operations of RandAugment.

Each takes a list of uint8 RGB frames ``[H, W, 3]`` of one size, none of which it writes to, and
returns as many. Where the operation rests on statistics, they are those of all these frames
together, as if they were one picture. Operations on colours are those of PIL's ``ImageOps`` and
``ImageEnhance``, but they round where PIL cuts decimals off. Those that move pixels interpolate
nothing, they take the nearest pixel. What they uncover is grey, 128.
"""

import cv2
import numpy as np

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
_LEVELS = np.arange(256)
_NUDGE = 2**-10  # of a pixel
_LUMA = np.array([0.299, 0.587, 0.114])
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13  # PIL's filter of this name


def auto_contrast(frames: _Frames) -> _Frames:
    """Stretch each channel such that its darkest value becomes 0 and its brightest 255."""
    return _map_channels(frames, [_stretched(counts) for counts in _histograms(frames)])


def _stretched(counts: np.ndarray) -> np.ndarray:
    low, high = np.flatnonzero(counts)[[0, -1]]
    return _LEVELS if low == high else (_LEVELS - low) * (255 / (high - low))


def equalize(frames: _Frames) -> _Frames:
    """Make the values of each channel about equally frequent."""
    return _map_channels(frames, [_equalized(counts) for counts in _histograms(frames)])


def _equalized(counts: np.ndarray) -> np.ndarray:
    brightest = counts[np.flatnonzero(counts)[-1]]
    step = (counts.sum() - brightest) // 255
    if step == 0:
        return _LEVELS
    below = np.cumsum(counts) - counts
    return (below + step // 2) // step


def invert(frames: _Frames) -> _Frames:
    """Take the negative."""
    return _map_values(frames, 255 - _LEVELS)


def posterize(frames: _Frames, bits: int) -> _Frames:
    """Keep the highest ``bits`` of the 8 bits of each value."""
    return _map_values(frames, _LEVELS & (256 - 2 ** (8 - bits)))


def solarize(frames: _Frames, threshold: float) -> _Frames:
    """Take the negative of values that reach a threshold."""
    return _map_values(frames, np.where(threshold > _LEVELS, _LEVELS, 255 - _LEVELS))


def solarize_add(frames: _Frames, addition: int) -> _Frames:
    """Add to values below 128."""
    return _map_values(frames, np.where(_LEVELS < 128, _LEVELS + addition, _LEVELS))


def adjust_brightness(frames: _Frames, factor: float) -> _Frames:
    """Scale all values."""
    return _map_values(frames, factor * _LEVELS)


def adjust_contrast(frames: _Frames, factor: float) -> _Frames:
    """Scale the difference to the mean grey."""
    mean = np.mean([_LUMA @ cv2.mean(frame)[:3] for frame in frames])
    return _map_values(frames, mean + factor * (_LEVELS - mean))


def adjust_color(frames: _Frames, factor: float) -> _Frames:
    """Scale the difference to the picture in greys."""
    return [_blend(frame, factor, _in_greys(frame)) for frame in frames]


def _in_greys(frame: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def adjust_sharpness(frames: _Frames, factor: float) -> _Frames:
    """Scale the difference to the smoothed picture; pixels on the border stay."""
    return [_blend(frame, factor, _smoothed(frame)) for frame in frames]


def _smoothed(frame: np.ndarray) -> np.ndarray:
    smooth = frame.copy()
    smooth[1:-1, 1:-1] = cv2.filter2D(frame, -1, _SMOOTH)[1:-1, 1:-1]
    return smooth


def rotate(frames: _Frames, degrees: float) -> _Frames:
    """Turn about the centre, counter-clockwise."""
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
        centre: The square's middle ``[2]``, ``(y, x)``, as shares of height and width in [0, 1).
            Part of the square may be outside.
    """
    height, width = frames[0].shape[:2]
    half = int(share * min(height, width))
    y, x = int(centre[0] * height), int(centre[1] * width)
    covered = [frame.copy() for frame in frames]
    for frame in covered:
        frame[max(0, y - half) : y + half, max(0, x - half) : x + half] = _FILL
    return covered


def _histograms(frames: _Frames) -> list[np.ndarray]:
    """How often each value occurs, ``[256]`` for each channel."""
    return [sum(_counts(frame, channel) for frame in frames) for channel in range(3)]


def _counts(frame: np.ndarray, channel: int) -> np.ndarray:
    """As integers: OpenCV's float32 can't count all pixels of a clip."""
    return cv2.calcHist([frame], [channel], None, [256], [0, 256]).ravel().astype(int)


def _map_values(frames: _Frames, table: np.ndarray) -> _Frames:
    """Replace each value by its entry, rounded and clipped, in ``table`` ``[256]``."""
    table = np.rint(table).clip(0, 255).astype(np.uint8)
    return [cv2.LUT(frame, table) for frame in frames]


def _map_channels(frames: _Frames, tables: list[np.ndarray]) -> _Frames:
    """Likewise, with a table for each channel."""
    return _map_values(frames, np.stack(tables, axis=-1)[None])


def _blend(frame: np.ndarray, factor: float, other: np.ndarray) -> np.ndarray:
    return cv2.addWeighted(frame, factor, other, 1 - factor, 0)


def _warp(frames: _Frames, matrix: list[list[float]] | np.ndarray) -> _Frames:
    """Fetch the pixel at (x, y) from ``matrix @ (x, y, 1)``."""
    height, width = frames[0].shape[:2]
    # OpenCV 5 takes the even one of two pixels that are equally near. All rows that a shear moves
    # by half a pixel would have only such. So lean to the right and down.
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
