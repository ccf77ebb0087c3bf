"""Signatures of frames: the coarse layout of their brightness."""

from fractions import Fraction

import numpy as np
from av.video.reformatter import VideoReformatter

from vsslbox.datasets.readers import VideoError
from vsslbox.preparation.video_frames import VideoFrames

__all__ = ['KEEPS', 'RATE', 'frame_signatures', 'mirrored']

RATE = Fraction(25, 2)  # signatures a second
KEEPS = (1.0, 0.9, 0.8)  # the share of the frame's sides that each signature sees, in the middle
MOST_HOURS = 6  # of a video, whose times may be wrong
_SIDE = 64  # pixels
_NUM_WAVES = 8  # along each side


def _waves(keep: float) -> np.ndarray:
    """Return the cosines of the DCT over the middle of a side, zero outside, ``[8, 64]``."""
    low, high = _SIDE * (1 - keep) / 2, _SIDE * (1 + keep) / 2
    centres = np.arange(_SIDE) + 0.5
    inside = (np.minimum(centres + 0.5, high) - np.maximum(centres - 0.5, low)).clip(0, 1)
    places = ((centres - low) / (high - low)).clip(0, 1)
    return np.cos(np.pi * np.arange(_NUM_WAVES)[:, None] * places) * inside / (high - low)


# Natural images have less of higher frequencies: this gives all about the same share.
_WEIGHTS = np.hypot(*np.indices((_NUM_WAVES, _NUM_WAVES)))
_BASES = np.stack([_waves(keep) for keep in KEEPS])
_MIRROR = np.where(np.arange(_NUM_WAVES**2)[1:] % _NUM_WAVES % 2, -1, 1)


def frame_signatures(path: str) -> np.ndarray:
    """Compute the signatures of a video's frames, ``RATE`` a second.

    A signature has the 63 lowest frequencies of the DCT of the frame's brightness, scaled to a
    square, each times its frequency. The mean is left out, so that a brighter copy has the same.
    It is the mean over the time that it stands for, so that it hardly depends on the frame rate.

    Args:
        path: A video file; frames are turned as its container asks.

    Returns:
        float16 ``[3, T, 63]``: of the whole frame and of its middle, see ``KEEPS``.

    Raises:
        VideoError: The file cannot be decoded to its end, or is longer than ``MOST_HOURS``.
    """
    reformatter = VideoReformatter()
    times, waves = [], []
    with VideoFrames(path) as video:
        for time, frame in video.timed():
            image = reformatter.reformat(
                frame, _SIDE, _SIDE, 'gray', interpolation='AREA', threads=1
            ).to_ndarray()
            times.append(float(time))
            waves.append(_frequencies(np.rot90(image, round(frame.rotation / 90))))
        times.append(times[-1] + float(1 / video.rate))
    if (hours := (times[-1] - times[0]) / 3600) > MOST_HOURS:
        raise VideoError(path, f'lasts {hours:.1f} hours, more than {MOST_HOURS}: split it first')
    rows = _means_over_time(np.array(times), np.stack(waves))
    return rows.reshape(len(rows), len(KEEPS), -1).swapaxes(0, 1).astype(np.float16)


def _frequencies(image: np.ndarray) -> np.ndarray:
    """Return the weighted frequencies of a grey image, for each of ``KEEPS``, ``[3 * 63]``."""
    waves = _BASES @ image.astype(np.float64) @ _BASES.swapaxes(1, 2) * _WEIGHTS
    return waves.reshape(len(KEEPS), -1)[:, 1:].ravel()


def _means_over_time(edges: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the means of values over equal intervals of ``1 / RATE``, at least one.

    Args:
        edges: When each value begins and the last one ends, in seconds, ``[N + 1]``.
        values: ``[N, F]``.
    """
    lasting = np.diff(edges)[:, None]
    sums = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values * lasting, axis=0)])
    count = max(1, int((edges[-1] - edges[0]) * RATE + 1e-6))
    grid = np.linspace(edges[0], min(edges[0] + count / float(RATE), edges[-1]), count + 1)
    # The sums at the points of the grid, on straight lines between those at the edges.
    after = np.searchsorted(edges, grid, side='right').clip(1, len(values))
    share = (grid - edges[after - 1])[:, None] / lasting[after - 1].clip(min=1e-9)
    at_grid = sums[after - 1] + share * (sums[after] - sums[after - 1])
    return np.diff(at_grid, axis=0) / np.diff(grid)[:, None]


def mirrored(signatures: np.ndarray) -> np.ndarray:
    """Return the signatures of the frames mirrored left to right, ``[..., 63]``."""
    return signatures * _MIRROR.astype(signatures.dtype)
