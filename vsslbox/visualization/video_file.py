"""Videos that show results."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

from vsslbox.datasets.readers import BaseReader
from vsslbox.utils import whole_file

__all__ = ['DEFAULT_RATE', 'draw_caption', 'enlarged_frames', 'write_video']

DEFAULT_RATE = 25.0  # frames a second, if a file has no rate
SHORT_SIDE = 480  # pixels; smaller videos are enlarged to make the text readable
FONT_SIZE, MARGIN = 20, 8  # pixels


def enlarged_frames(reader: BaseReader) -> Iterator[tuple[np.ndarray, int]]:
    """Yield all frames of a video, RGB, uint8 ``[H, W, 3]``, and how many times they are enlarged.

    Small videos are enlarged by a whole number, so that a text on them can be read.
    """
    for start in range(0, reader.num_frames, 64):
        for image in reader.read(range(start, min(start + 64, reader.num_frames))):
            zoom = -(-SHORT_SIDE // min(image.shape[:2]))
            yield cv2.resize(image, None, fx=zoom, fy=zoom), zoom


def write_video(path: Path, images: Iterable[np.ndarray], rate: float) -> None:
    """Write RGB frames, uint8 ``[H, W, 3]``, as an H.264 video in mp4 form.

    An odd last row or column is left out. The file gets its name when it is whole.

    Args:
        path: The file; missing folders are created.
        images: The frames.
        rate: Frames a second.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = None
    with whole_file(path) as unfinished, av.open(str(unfinished), 'w', format='mp4') as container:
        for image in images:
            height, width = (side // 2 * 2 for side in image.shape[:2])
            if stream is None:
                stream = container.add_stream(
                    'libx264', rate=Fraction(rate).limit_denominator(1001)
                )
                stream.height, stream.width, stream.pix_fmt = height, width, 'yuv420p'
            even = np.ascontiguousarray(image[:height, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format='rgb24')))
        container.mux(stream.encode())


def draw_caption(image: np.ndarray, lines: Sequence[str]) -> np.ndarray:
    """Return an RGB image, uint8 ``[H, W, 3]``, with lines of text in its upper left corner."""
    picture = Image.fromarray(image)
    drawing, font = ImageDraw.Draw(picture, 'RGBA'), _font()
    text, place = '\n'.join(lines), (MARGIN, MARGIN)
    left, top, right, bottom = drawing.multiline_textbbox(place, text, font=font)
    around = (left - MARGIN, top - MARGIN, right + MARGIN, bottom + MARGIN)
    drawing.rectangle(around, fill=(0, 0, 0, 160))
    drawing.multiline_text(place, text, fill='white', font=font)
    return np.asarray(picture)


@cache
def _font() -> ImageFont.FreeTypeFont:
    """Return a font with the letters of most scripts, which comes with matplotlib."""
    return ImageFont.truetype(findfont('DejaVu Sans'), FONT_SIZE)
