"""Thumbnails that move: the frames of a clip side by side in one picture, which the page shifts."""

import base64

import cv2
import numpy as np
from markupsafe import Markup

__all__ = ['film_strip']

MOST_FRAMES = 8
MAX_SIDE = 160  # pixels; larger thumbnails are shrunk to keep the file small


def film_strip(frames: np.ndarray, alt: str) -> Markup:
    """Return a moving thumbnail (HTML), or a still one of a single frame.

    Args:
        frames: RGB, uint8 ``[T, H, W, 3]`` or ``[H, W, 3]``.
        alt: What it shows.

    Raises:
        ValueError: The frames are empty or no such array.
    """
    images = frames[None] if frames.ndim == 3 else frames
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3 or not images.size:
        raise ValueError(
            'a thumbnail must be RGB, uint8 [H, W, 3] or [T, H, W, 3] and not empty, got '
            f'{frames.dtype} {list(frames.shape)}'
        )
    number = min(len(images), MOST_FRAMES)
    images = images[np.linspace(0, len(images) - 1, number).round().astype(int)]
    scale = min(1.0, MAX_SIDE / max(images.shape[1:3]))
    height, width = (max(1, round(side * scale)) for side in images.shape[1:3])
    small = [cv2.resize(i, (width, height), interpolation=cv2.INTER_AREA) for i in images]
    _, jpeg = cv2.imencode('.jpg', cv2.cvtColor(np.hstack(small), cv2.COLOR_RGB2BGR))
    data = base64.b64encode(jpeg.tobytes()).decode('ascii')
    return Markup(
        '<span class="strip" style="--frames: {}; aspect-ratio: {} / {}">'
        '<img src="data:image/jpeg;base64,{}" width="{}" height="{}" alt="{}"></span>'
    ).format(number, width, height, data, number * width, height, alt)
