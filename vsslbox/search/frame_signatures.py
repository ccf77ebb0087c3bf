"""Signatures of frames: the coarse layout of their brightness."""

from fractions import Fraction

import numpy as np
from av.video.reformatter import VideoReformatter

from vsslbox.preparation.video_frames import VideoFrames, frames_at_rate

__all__ = ['KEEPS', 'RATE', 'frame_signatures', 'mirrored']

RATE = Fraction(25, 2)  # signatures a second
KEEPS = (1.0, 0.9, 0.8)  # the share of the frame's sides that each signature sees, in the middle
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

    Args:
        path: A video file; frames are turned as its container asks.

    Returns:
        float16 ``[3, T, 63]``: of the whole frame and of its middle, see ``KEEPS``.

    Raises:
        VideoError: The file cannot be decoded to its end.
    """
    reformatter = VideoReformatter()
    with VideoFrames(path) as video:
        frames = [
            np.rot90(
                reformatter.reformat(
                    frame, _SIDE, _SIDE, 'gray', interpolation='AREA', threads=1
                ).to_ndarray(),
                round(frame.rotation / 90),
            )
            for frame in frames_at_rate(video, RATE)
        ]
    images = np.stack(frames).astype(np.float64)
    waves = np.einsum('kyi,tij,kxj->ktyx', _BASES, images, _BASES, optimize=True) * _WEIGHTS
    return waves.reshape(len(KEEPS), len(images), -1)[..., 1:].astype(np.float16)


def mirrored(signatures: np.ndarray) -> np.ndarray:
    """Return the signatures of the frames mirrored left to right, ``[..., 63]``."""
    return signatures * _MIRROR.astype(signatures.dtype)
