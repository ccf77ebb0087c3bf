"""A picture of the annotated and the proposed segments of a video."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from vsslbox.errors import InputError
from vsslbox.utils import segment_iou

__all__ = ['TimeSegment', 'draw_localization']

WIDTH, LEFT, RIGHT = 1000, 90, 20  # pixels; names are on the left
ROW, BAR = 26, 16  # the height of a row and of the bar in it
MARGIN = 8
FONT = cv2.FONT_HERSHEY_SIMPLEX
# RGB. Blue and orange are distinct for the colour-blind.
INK, LINE = (40, 46, 56), (205, 210, 216)
TRUE, FOUND, MISSED = (110, 118, 130), (35, 96, 181), (217, 119, 33)
ENOUGH = 0.5  # IoU


class TimeSegment(NamedTuple):
    """A segment of a video.

    Attributes:
        start: In seconds.
        end: In seconds.
        text: The text to write in it.
    """

    start: float
    end: float
    text: str


def draw_localization(
    title: str,
    seconds: float,
    truth: Sequence[TimeSegment],
    proposals: Sequence[TimeSegment],
    thumbnails: Sequence[np.ndarray] = (),
) -> np.ndarray:
    """Draw the segments of a video below pictures of it, all along one axis of time.

    The first row shows the annotated segments, each further row a proposal: blue if its IoU with
    some annotated segment is at least 0.5, orange if not.

    Args:
        title: The heading.
        seconds: The length of the video.
        truth: The annotated segments.
        proposals: The proposed segments, the best first.
        thumbnails: RGB images, uint8 ``[H, W, 3]`` of one size, evenly over the video.

    Returns:
        RGB, uint8 ``[H, W, 3]``.

    Raises:
        InputError: The video has no length.
    """
    if seconds <= 0:
        raise InputError(f'{title} has a length of {seconds} seconds')
    strip = _film_strip(thumbnails)
    rows = _Rows(seconds, 1 + len(proposals))
    for segment in truth:
        rows.bar(0, segment, TRUE)
    rows.name(0, 'annotated')
    annotated = np.array([segment[:2] for segment in truth]).reshape(-1, 2)
    for number, proposal in enumerate(proposals, start=1):
        overlap = segment_iou(np.array([proposal[:2]]), annotated).max(initial=0)
        rows.bar(number, proposal, FOUND if overlap >= ENOUGH else MISSED)
        rows.name(number, f'IoU {overlap:.2f}')
    head = np.full((ROW + MARGIN, WIDTH, 3), 255, np.uint8)
    _write(head, title, LEFT, ROW - 4, INK, scale=0.5)
    return np.concatenate([head, strip, rows.image])


def _film_strip(thumbnails: Sequence[np.ndarray]) -> np.ndarray:
    """Place the thumbnails side by side over the axis of time, on white."""
    if not len(thumbnails):
        return np.empty((0, WIDTH, 3), np.uint8)
    edges = np.linspace(LEFT, WIDTH - RIGHT, len(thumbnails) + 1).round().astype(int)
    height, width = thumbnails[0].shape[:2]
    shown = max(round(height * (edges[1] - edges[0]) / width), 1)
    strip = np.full((shown + MARGIN, WIDTH, 3), 255, np.uint8)
    for image, start, end in zip(thumbnails, edges, edges[1:]):
        size = end - start - 2, shown
        strip[:shown, start + 1 : end - 1] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return strip


class _Rows:
    """Rows of bars above an axis of time."""

    def __init__(self, seconds: float, number: int) -> None:
        self.seconds = seconds
        self.image = np.full((ROW * (number + 1) + MARGIN, WIDTH, 3), 255, np.uint8)
        bottom = ROW * number
        for tick in _ticks(seconds):
            x = self._x(tick)
            cv2.line(self.image, (x, 0), (x, bottom + 4), LINE, 1)
            _write(self.image, f'{tick:g} s', x, bottom + 18, INK, centred=True)

    def bar(self, row: int, segment: TimeSegment, colour: tuple[int, int, int]) -> None:
        """Draw a segment with its text, cut off at the end of the segment."""
        top = row * ROW + (ROW - BAR) // 2
        start, end = self._x(segment.start), self._x(segment.end)
        part = self.image[top : top + BAR, start : max(end, start + 2)]
        part[:] = colour
        _write(part, segment.text, 4, BAR - 4, (255, 255, 255))

    def name(self, row: int, text: str) -> None:
        """Write the name of a row on the left."""
        _write(self.image, text, MARGIN, row * ROW + (ROW + BAR) // 2 - 4, INK)

    def _x(self, time: float) -> int:
        share = min(max(time / self.seconds, 0), 1)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT))


def _ticks(seconds: float) -> np.ndarray:
    """Return five to ten round times."""
    power = 10.0 ** np.floor(np.log10(seconds / 5))
    distance = max(step * power for step in (1, 2, 5) if step * power <= seconds / 4)
    return np.arange(0, seconds + 1e-9, distance)


def _write(
    image: np.ndarray,
    text: str,
    x: int,
    y: int,
    colour: tuple[int, int, int],
    scale: float = 0.4,
    centred: bool = False,
) -> None:
    """Write text into a part of an image, cut off at its edges."""
    text = text.encode('ascii', 'replace').decode()  # all that OpenCV's fonts have
    if centred:
        x -= cv2.getTextSize(text, FONT, scale, 1)[0][0] // 2
    canvas = np.ascontiguousarray(image)
    cv2.putText(canvas, text, (x, y), FONT, scale, colour, 1, cv2.LINE_AA)
    image[:] = canvas
