"""Edits by which a copy of a video differs from it."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader
from vsslbox.utils import text_seed

__all__ = ['COPY_EDITS', 'EditedReader']

Edit = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def _crop(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Keep 60 to 80 % of each side, anywhere."""
    height, width = (max(1, round(side * share)) for side, share in _sides(frame, rng, 0.6, 0.8))
    return frame[_placed(height, frame.shape[0], rng), _placed(width, frame.shape[1], rng)]


def _flip(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirror left and right."""
    return frame[:, ::-1]


def _cover_by_box(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cover 30 to 50 % of each side by a box of one colour, anywhere."""
    frame = frame.copy()
    height, width = (max(1, round(side * share)) for side, share in _sides(frame, rng, 0.3, 0.5))
    place = _placed(height, frame.shape[0], rng), _placed(width, frame.shape[1], rng)
    frame[place] = rng.integers(256, size=3)
    return frame


def _write_text(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Write three lines of eight letters over the width, in one colour with a dark edge."""
    frame = np.ascontiguousarray(frame).copy()
    height, width = frame.shape[:2]
    colour = tuple(rng.integers(128, 256, size=3).tolist())
    font, lines = cv2.FONT_HERSHEY_SIMPLEX, 3
    for line in range(lines):
        text = ''.join(map(chr, rng.integers(ord('A'), ord('Z') + 1, size=8)))
        (length, _), _ = cv2.getTextSize(text, font, 1, 1)
        scale = 0.9 * width / length
        thick = max(1, round(2 * scale))
        at = round(0.05 * width), round(height * (line + rng.uniform(0.5, 0.9)) / lines)
        cv2.putText(frame, text, at, font, scale, (0, 0, 0), 3 * thick)
        cv2.putText(frame, text, at, font, scale, colour, thick)
    return frame


def _blur(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blur by a Gaussian of 2 to 4 % of the short side."""
    return cv2.GaussianBlur(frame, (0, 0), rng.uniform(0.02, 0.04) * min(frame.shape[:2]))


def _compress(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Code each frame as a JPEG of quality 3 to 10."""
    options = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(3, 11))]
    _, coded = cv2.imencode('.jpg', frame[..., ::-1], options)
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None  # it was coded just now
    return decoded[..., ::-1]


def _put_into_picture(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shrink to 50 to 70 % of each side, anywhere on a still picture of smooth colours."""
    share = rng.uniform(0.5, 0.7)
    height, width = (max(1, round(side * share)) for side in frame.shape[:2])
    coarse = rng.integers(256, size=(4, 4, 3), dtype=np.uint8)
    picture = cv2.resize(coarse, frame.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    place = _placed(height, frame.shape[0], rng), _placed(width, frame.shape[1], rng)
    picture[place] = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    return picture


def _change_colours(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Multiply each channel by 0.5 to 1.5, and add -40 to 40 to all."""
    changed = frame * rng.uniform(0.5, 1.5, size=3) + rng.uniform(-40, 40)
    return changed.round().clip(0, 255).astype(np.uint8)


def _change_speed(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Play 1.5 to 2 times as fast, or as slowly."""
    rate = rng.uniform(1.5, 2) ** rng.choice([-1, 1])
    count = max(1, round(len(times) / rate))
    return times[np.minimum((np.arange(count) * rate).astype(int), len(times) - 1)]


def _trim(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Keep 40 to 60 % of the length, anywhere."""
    return times[_placed(max(1, round(len(times) * rng.uniform(0.4, 0.6))), len(times), rng)]


_OF_FRAMES: dict[str, Edit] = dict(
    crop=_crop,
    flip=_flip,
    box=_cover_by_box,
    text=_write_text,
    blur=_blur,
    compression=_compress,
    picture_in_picture=_put_into_picture,
    colour=_change_colours,
)
_OF_TIMES: dict[str, Edit] = dict(speed=_change_speed, trim=_trim)

COPY_EDITS = (*_OF_FRAMES, *_OF_TIMES)


class EditedReader(BaseReader):
    """An open video that is edited as it is read: all its frames alike.

    Args:
        reader: The video.
        edit: One of ``COPY_EDITS``.
        key: What the edit's parameters depend on, beside the size of the frames.
    """

    def __init__(self, reader: BaseReader, edit: str, key: str) -> None:
        self._reader, self._edit = reader, edit
        self._seed = text_seed(key)
        self._times = np.arange(reader.num_frames)
        if edit in _OF_TIMES:
            self._times = _OF_TIMES[edit](self._times, self._rng())
        self.path, self.num_frames, self.fps = reader.path, len(self._times), reader.fps

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Decode and edit frames; see :meth:`BaseReader.read`."""
        shown = self._times[list(indices)].tolist()
        wanted = sorted(set(shown))
        frames = dict(zip(wanted, self._reader.read(wanted), strict=True))
        if self._edit in _OF_FRAMES:
            edit = _OF_FRAMES[self._edit]
            frames = {
                time: np.ascontiguousarray(edit(frame, self._rng()))
                for time, frame in frames.items()
            }
        return [frames[time] for time in shown]

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng(self._seed)


def _sides(
    frame: np.ndarray, rng: np.random.Generator, low: float, high: float
) -> list[tuple[int, float]]:
    """Return height and width, each with a share that is drawn."""
    return [(side, rng.uniform(low, high)) for side in frame.shape[:2]]


def _placed(length: int, whole: int, rng: np.random.Generator) -> slice:
    """Return a range of this length anywhere in the whole."""
    start = int(rng.integers(whole - length + 1))
    return slice(start, start + length)
