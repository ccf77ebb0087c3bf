"""A contact sheet of views beside the frames that they come from."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

__all__ = ['SheetView', 'draw_view_sheet']

CAPTION, GAP, BAR = 20, 4, 6  # pixels: above a row, between frames, left of the views of a video
FONT = cv2.FONT_HERSHEY_SIMPLEX, 0.42  # and its scale
# Of the boxes and bars of videos, in turn.
COLOURS = ((214, 39, 40), (31, 119, 180), (44, 160, 44), (148, 103, 189), (255, 127, 14))


@dataclass
class SheetView:
    """A view on the sheet.

    Attributes:
        caption: The text above it.
        frames: What the model sees, RGB, uint8 ``[T, H, W, 3]``.
        originals: ``T`` decoded frames, RGB, uint8 ``[H, W, 3]``.
        boxes: What a frame shows of its original, ``[T, 4]``: left, top, right, bottom in
            normalised coordinates; None if that is not known.
    """

    caption: str
    frames: np.ndarray
    originals: Sequence[np.ndarray]
    boxes: np.ndarray | None


def draw_view_sheet(
    videos: Sequence[Sequence[SheetView]], max_frames: int = 4, height: int = 112
) -> np.ndarray:
    """Draw the views of videos, a row each: original frames with boxes, then the view.

    Args:
        videos: The views of each video, which get a bar of one colour.
        max_frames: The most frames of a view, spread over it.
        height: The height of a frame in pixels.

    Returns:
        RGB, uint8 ``[H, W, 3]``.
    """
    rows = []
    for number, views in enumerate(videos):
        colour = COLOURS[number % len(COLOURS)]
        rows += [_row(view, colour, max_frames, height) for view in views]
    width = max(row.shape[1] for row in rows)
    return np.concatenate(
        [np.pad(r, ((0, GAP), (0, width - r.shape[1]), (0, 0)), constant_values=255) for r in rows]
    )


def _row(view: SheetView, colour: tuple, max_frames: int, height: int) -> np.ndarray:
    length = len(view.frames)
    chosen = np.linspace(0, length - 1, min(max_frames, length)).round().astype(int)
    originals = []
    for number in chosen:
        picture = _scaled(view.originals[number], height)
        if view.boxes is not None:
            _draw_box(picture, view.boxes[number], colour)
        originals.append(picture)
    pictures = [*originals, *(_scaled(view.frames[number], height) for number in chosen)]
    blank = np.full((height, GAP, 3), 255, np.uint8)
    bar = np.full((height, BAR, 3), colour, np.uint8)
    strip = np.hstack([bar, *(part for picture in pictures for part in (blank, picture))])
    text = view.caption.encode('ascii', 'backslashreplace').decode('ascii')  # OpenCV's font
    (text_width, _), _ = cv2.getTextSize(text, *FONT, 1)
    width = max(strip.shape[1], BAR + GAP + text_width)
    row = np.full((height + CAPTION, width, 3), 255, np.uint8)
    row[:, :BAR], row[CAPTION:, : strip.shape[1]] = colour, strip
    cv2.putText(row, text, (BAR + GAP, 14), *FONT, (0, 0, 0), 1, cv2.LINE_AA)
    return row


def _scaled(frame: np.ndarray, height: int) -> np.ndarray:
    width = max(1, round(frame.shape[1] * height / frame.shape[0]))
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)


def _draw_box(picture: np.ndarray, box: np.ndarray, colour: tuple) -> None:
    """Draw the border of a box onto a picture, two pixels wide, on the inside."""
    height, width = picture.shape[:2]
    left, top, right, bottom = (box * [width, height, width, height]).round().astype(int)
    for inset in (0, 1):
        corners = (left + inset, top + inset), (right - 1 - inset, bottom - 1 - inset)
        cv2.rectangle(picture, *corners, colour)
