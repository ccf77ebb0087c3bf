"""Scores of motion and quality, from decoded frames."""

from collections.abc import Sequence

import cv2
import numpy as np
from av.video.frame import VideoFrame

from vsslbox.preparation.video_frames import VideoFrames, fit_size

__all__ = ['SCORES', 'score_spans']

SCORES = ('seconds', 'width', 'height', 'fps', 'motion', 'sharpness', 'brightness', 'contrast')
RATE = 2  # measurements a second
SIDE = 128  # pixels of the shorter side of measured frames
LEAST = 16  # pixels of a side that the optical flow needs
Span = tuple[float, float] | None


def score_spans(path: str, spans: Sequence[Span]) -> list[dict[str, float] | None]:
    """Compute the scores of segments of a video; the file is decoded once.

    About ``RATE`` times a second two frames that follow each other are measured, at a shorter side
    of at most 128 pixels:

    * ``motion``: the mean length of the optical flow between both, times the frames a second,
      relative to width plus height: lengths of the frame a second;
    * ``sharpness``: the share of the differences between neighbouring pixels that a blur removes,
      of columns or rows, whichever is less: 1 minus the measure of Crete et al., "The blur effect:
      perception and estimation with a new no-reference perceptual blur metric", 2007;
    * ``brightness``: the mean, from 0 for black to 1 for white;
    * ``contrast``: the standard deviation of the brightness, from 0 to 0.5.

    Each score is the mean over the segment. ``seconds``, ``width``, ``height`` (pixels, as stored)
    and ``fps`` are those of the frames.

    Args:
        path: The video.
        spans: The start and the end of each segment in seconds; None for the whole video.

    Returns:
        The scores of each segment; None for one without frames.

    Raises:
        VideoError: The video cannot be decoded to its end.
    """
    times, measured = [], []
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    with VideoFrames(path) as video:
        due, first = 0.0, None
        for time, frame in video.timed():
            times.append(float(time))
            if first is None and times[-1] < due:
                continue
            grey = _grey(frame)
            if first is not None:
                since = times[-2]
                measured.append((since, times[-1], *_measure(flow, first, grey, times[-1] - since)))
                due = since + 1 / RATE
            first = grey if times[-1] >= due else None
        if not measured:  # a single frame
            measured.append((0.0, 0.0, 0.0, *_quality(grey)))
        shape = dict(width=frame.width, height=frame.height, fps=float(video.rate))
        end = times[-1] + float(1 / video.rate)
    table = np.array(measured)
    return [_scores(np.array(times), table, _cut(span, end), shape) for span in spans]


def _cut(span: Span, end: float) -> tuple[float, float]:
    return (0.0, end) if span is None else (span[0], min(span[1], end))


def _grey(frame: VideoFrame) -> np.ndarray:
    width, height = (max(LEAST, n) for n in fit_size(frame.width, frame.height, SIDE, 2))
    grey = frame.reformat(width, height, 'gray', interpolation='AREA', threads=1).to_ndarray()
    return np.ascontiguousarray(grey)  # its rows may be padded


def _measure(
    flow: cv2.DISOpticalFlow, first: np.ndarray, second: np.ndarray, seconds: float
) -> tuple[float, float, float, float]:
    """Return motion, sharpness, brightness and contrast of two frames at some distance."""
    moved = np.linalg.norm(flow.calc(first, second, None), axis=2).mean()
    return moved / max(seconds, 1e-6) / sum(second.shape), *_quality(second)


def _quality(grey: np.ndarray) -> tuple[float, float, float]:
    image = grey.astype(np.float64) / 255
    return min(_removed(image), _removed(image.T)), image.mean(), image.std()


def _removed(image: np.ndarray) -> float:
    """Return the share of the differences between rows that a blur of nine rows removes."""
    before, after = (np.abs(np.diff(one, axis=0)) for one in (image, cv2.blur(image, (1, 9))))
    return np.maximum(before - after, 0).sum() / max(before.sum(), 1e-9)


def _scores(
    times: np.ndarray,
    measured: np.ndarray,
    span: tuple[float, float],
    shape: dict[str, float],
) -> dict[str, float] | None:
    """Return the means over a segment; one without a measurement has those of the nearest."""
    start, end = span
    if not ((times >= start) & (times < end)).any():
        return None
    inside = (measured[:, 0] >= start) & (measured[:, 1] < end)  # none across a cut
    if not inside.any():
        inside[np.abs(measured[:, 1] - (start + end) / 2).argmin()] = True
    means = measured[inside, 2:].mean(axis=0).tolist()
    return dict(seconds=end - start, **shape, **dict(zip(SCORES[4:], means)))
