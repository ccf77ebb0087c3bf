"""Decoding of images whose size is checked first."""

import struct
from pathlib import Path

import cv2
import numpy as np

from vsslbox.datasets.readers.base_reader import VideoError
from vsslbox.datasets.readers.limits import (
    VIDEO_BYTES,
    TooLargeError,
    refuse_irregular,
    refuse_large,
)

__all__ = ['decode_image', 'image_size', 'read_image']

# Markers of JPEG: those without a length, and those of a frame's header.
_ALONE = {0x01, *range(0xD0, 0xD9)}
_FRAME_HEADERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def read_image(video: str, path: Path, num_frames: int = 1) -> np.ndarray:
    """Return the image of a file, one of ``num_frames`` that are read of a video.

    Raises:
        VideoError: The image is missing, is no regular file, is too large or cannot be decoded.
    """
    what = 'image' if str(path) == video else f'image {path.name}'
    try:
        refuse_bytes(video, what, refuse_irregular(str(path)).st_size)
        content = path.read_bytes()
    except TooLargeError:
        raise
    except (OSError, VideoError) as error:
        reason = VideoError.of(str(path), error).reason
        raise VideoError(video, f'{what} is missing or cannot be read: {reason}') from None
    return decode_image(video, what, content, num_frames)


def decode_image(video: str, what: str, content: bytes, num_frames: int = 1) -> np.ndarray:
    """Decode an image, one of ``num_frames`` that are read of a video; ``what`` names it.

    Returns:
        The image in RGB, uint8 ``[H, W, 3]``.

    Raises:
        VideoError: The image is too large or cannot be decoded.
    """
    refuse_large(video, *image_size(content), num_frames)
    image = None
    try:
        if content:  # OpenCV raises on empty input
            image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise VideoError(video, f'{what} cannot be decoded: {error.err}') from None
    if image is None:
        raise VideoError(video, f'{what} cannot be decoded')
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def refuse_bytes(video: str, what: str, num_bytes: int) -> None:
    """Refuse to hold more bytes of a file in memory than decoded frames may have."""
    if num_bytes > VIDEO_BYTES.value:
        raise TooLargeError(
            video,
            f'{what} has {num_bytes} bytes, more than {VIDEO_BYTES.value}; '
            f'{VIDEO_BYTES.variable} raises this limit',
        )


def image_size(content: bytes) -> tuple[int, int]:
    """Return the height and width in the header of a PNG, JPEG or WebP image.

    Other kinds have (0, 0); OpenCV refuses more than 2**30 pixels of them.
    """
    try:
        if content.startswith(b'\x89PNG'):
            width, height = struct.unpack_from('>II', content, 16)
            return height, width
        if content.startswith(b'\xff\xd8'):
            return _jpeg_size(content)
        if content.startswith(b'RIFF') and content[8:12] == b'WEBP':
            return _webp_size(content)
    except struct.error:  # cut off: OpenCV cannot decode it either
        pass
    return 0, 0


def _jpeg_size(content: bytes) -> tuple[int, int]:
    position = 2
    while (position := content.find(b'\xff', position)) >= 0:
        position += 1
        marker = content[position] if position < len(content) else 0
        if marker in _FRAME_HEADERS:
            return struct.unpack_from('>HH', content, position + 4)
        if marker not in {0x00, 0xFF, *_ALONE}:
            position += 1 + struct.unpack_from('>H', content, position + 1)[0]
    return 0, 0


def _webp_size(content: bytes) -> tuple[int, int]:
    kind = content[12:16]
    if kind == b'VP8X':
        low, middle = struct.unpack_from('<IH', content, 24)
        bits = low | middle << 32
        return (bits >> 24) + 1, (bits & 0xFFFFFF) + 1
    if kind == b'VP8L':
        (bits,) = struct.unpack_from('<I', content, 21)
        return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    width, height = struct.unpack_from('<HH', content, 26)
    return height & 0x3FFF, width & 0x3FFF
