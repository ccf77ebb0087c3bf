"""Small clips of videos, to be shown in a page."""

import base64
import io
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import av
import cv2
import numpy as np

from vsslbox.datasets.readers import VideoError
from vsslbox.datasets.readers.pyav_reader import open_stream
from vsslbox.datasets.video_names import keys_of
from vsslbox.preparation.video_frames import fit_size

__all__ = ['SmallClip', 'small_clip']

SECONDS = 2.5
RATE = 12.5  # frames a second, at most
SHORT_SIDE = 160  # pixels
ENCODER = dict(crf='30', preset='veryfast', profile='main')


class SmallClip(NamedTuple):
    """A clip as the addresses of a page, which hold its content.

    Attributes:
        video: The clip, as MP4.
        poster: Its first frame, as JPEG.
        width: Pixels.
        height: Pixels.
    """

    video: str
    poster: str
    width: int
    height: int


def small_clip(path: str, start: float | None = None) -> SmallClip:
    """Encode a short clip of a video, without sound.

    Args:
        path: The file.
        start: Where it begins, in seconds; by default it is the middle, as long as the length in
            the header is right.

    Raises:
        VideoError: Not one of its frames can be decoded.
    """
    images = list(_frames(path, start)) or list(_frames(path, 0.0))
    if not images:
        raise VideoError(path, 'no frame can be decoded')
    height, width = images[0].shape[:2]
    _, jpeg = cv2.imencode('.jpg', images[0][..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 75])
    return SmallClip(
        _address('video/mp4', _encoded(images)),
        _address('image/jpeg', jpeg.tobytes()),
        width,
        height,
    )


def _frames(path: str, start: float | None) -> Iterator[np.ndarray]:
    """Yield small upright frames, RGB, uint8 ``[H, W, 3]``, of ``SECONDS``."""
    keys = keys_of(path)
    container, stream = open_stream(keys['filename'], keys.get('source'))
    with container:
        first, last = keys.get('shot', (0.0, (container.duration or 0) / av.time_base))
        if start is None:
            start = max(first, (first + last - SECONDS) / 2)
        if start:
            container.seek(round(start * av.time_base))
        wanted = 0
        try:
            for number, frame in enumerate(container.decode(stream)):
                time = (number / 25 if frame.time is None else frame.time) - start
                if time >= SECONDS:
                    break
                if time >= wanted / RATE - 1e-3:
                    wanted += 1
                    yield _small(frame)
        except av.FFmpegError as error:
            if not wanted:
                raise VideoError.of(path, error) from None


def _small(frame: av.VideoFrame) -> np.ndarray:
    width, height = fit_size(frame.width, frame.height, SHORT_SIDE, step=2)
    image = frame.to_ndarray(format='rgb24', width=width, height=height, interpolation='AREA')
    return np.ascontiguousarray(np.rot90(image, round(frame.rotation / 90)))


def _encoded(images: list[np.ndarray]) -> bytes:
    file = io.BytesIO()
    with av.open(file, 'w', format='mp4') as container:
        stream = container.add_stream('libx264', rate=Fraction(RATE), options=ENCODER)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = 'yuv420p'
        stream.codec_context.thread_count = 1
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode())
    return file.getvalue()


def _address(kind: str, content: bytes) -> str:
    return f'data:{kind};base64,{base64.b64encode(content).decode("ascii")}'
