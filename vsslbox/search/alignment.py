"""Whether two videos move alike: the best alignment of their signatures in time."""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from vsslbox.search.frame_signatures import KEEPS, RATE, mirrored

__all__ = ['GEOMETRIES', 'Alignment', 'Geometry', 'best_alignment']

SPEEDS = (1.0, 0.8, 0.9, 0.96, 1.04, 1.11, 1.25)  # of the second video, relative to the first
LIKE_LAYOUT = 0.9  # the least cosine of the mean signatures of two copies
CHANGE = 3  # motion is what changes in so many signatures, a quarter of a second
# The energy of changes, relative to that of the layout, below which they count as noise. Two
# videos without larger changes move alike.
NOISE = 3e-4
MIN_OVERLAP = 12  # signatures, about a second
SHIFT = 0.25  # seconds that the one begins before the other to count as shifted
TINY = 1e-12  # the smallest divisor


class Geometry(NamedTuple):
    """How the frames of a video are compared with those of another.

    Attributes:
        first: The place in ``KEEPS`` of what is seen of the first video.
        second: The same of the second.
        mirror: Whether the first is mirrored.
    """

    first: int
    second: int
    mirror: bool

    def of_first(self, signatures: np.ndarray) -> np.ndarray:
        """Return the signatures of the first video, ``[T, 63]``, float32."""
        seen = signatures[self.first].astype(np.float32)
        return mirrored(seen) if self.mirror else seen

    def of_second(self, signatures: np.ndarray) -> np.ndarray:
        """Return the signatures of the second video, ``[T, 63]``, float32."""
        return signatures[self.second].astype(np.float32)


# One of the two may be a crop of the other.
GEOMETRIES = [
    Geometry(first, second, mirror)
    for mirror, first, second in product((False, True), range(len(KEEPS)), range(len(KEEPS)))
    if 0 in (first, second)
]


class Alignment(NamedTuple):
    """How two videos resemble each other best.

    Attributes:
        score: How alike they move, at most 1; -1 if their layout differs.
        geometry: How their frames were compared.
        speed: The speed of the second video, relative to the first.
        start: When the second begins, in seconds of the first; negative if it begins earlier.
        overlap: How long they run together, in seconds of the first.
    """

    score: float
    geometry: Geometry
    speed: float
    start: float
    overlap: float

    @property
    def kinds(self) -> list[str]:
        """How the two differ, in words; nothing if one was only encoded, scaled or lit again."""
        kinds = []
        if self.geometry.mirror:
            kinds.append('mirrored')
        if self.geometry.first or self.geometry.second:
            kinds.append('cropped')
        if self.speed != 1:
            kinds.append('faster' if self.speed > 1 else 'slower')
        if abs(self.start) >= SHIFT:
            kinds.append('shifted')
        return kinds


def best_alignment(
    first: np.ndarray, second: np.ndarray, geometries: Iterable[Geometry]
) -> Alignment:
    """Find the geometry, the speed and the offset with which two videos resemble each other most.

    The layout is the mean signature over the time that both run; the motion is how signatures
    change within ``CHANGE``. Videos of one camera share the layout, but only copies the motion.

    Args:
        first: The signatures of the first video, ``[3, T, 63]``.
        second: The same of the second.
        geometries: The geometries to try.
    """
    return max(_alignments(first, second, geometries), key=lambda found: found.score)


def _alignments(
    first: np.ndarray, second: np.ndarray, geometries: Iterable[Geometry]
) -> Iterator[Alignment]:
    for geometry in geometries:
        left = _Series(geometry.of_first(first))
        seen = geometry.of_second(second)
        for speed in SPEEDS:
            right = _Series(_at_speed(seen, speed))
            score, offset, overlap = _best_offset(left, right)
            yield Alignment(score, geometry, speed, float(offset / RATE), float(overlap / RATE))


class _Series:
    """Signatures over time, scaled to a mean energy of 1, their changes, and sums of both."""

    def __init__(self, signatures: np.ndarray) -> None:
        values = signatures.astype(np.float64)
        values /= max(TINY, np.sqrt(np.square(values).sum(1).mean()))
        self.changes = np.zeros_like(values)
        self.changes[CHANGE:] = values[CHANGE:] - values[:-CHANGE]
        self._sums = _running(values)
        self._energies = _running(np.square(self.changes).sum(1))

    def __len__(self) -> int:
        return len(self.changes)

    def layout(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return the direction of the mean signature of each segment, ``[S, 63]``."""
        sums = self._sums[end] - self._sums[start]
        return sums / np.linalg.norm(sums, axis=1, keepdims=True).clip(min=TINY)

    def energy(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return the energy of the changes within each segment, and of noise, ``[S]``."""
        inside = np.minimum(start + CHANGE, end)
        return self._energies[end] - self._energies[inside] + NOISE * (end - start)


def _running(values: np.ndarray) -> np.ndarray:
    """Return the sums of the first 0, 1, ... values."""
    return np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])


def _at_speed(signatures: np.ndarray, speed: float) -> np.ndarray:
    """Return a video's signatures as if it ran at the speed of the other one."""
    places = np.arange(int((len(signatures) - 1) * speed + 1e-6) + 1) / speed
    before = places.astype(int).clip(max=len(signatures) - 1)
    after = (before + 1).clip(max=len(signatures) - 1)
    share = (places - before)[:, None]
    return signatures[before] * (1 - share) + signatures[after] * share


def _best_offset(left: _Series, right: _Series) -> tuple[float, int, int]:
    """Return the best score, and the offset and the overlap it has, in signatures.

    Both must overlap by half of the shorter one, and by ``MIN_OVERLAP`` unless it is shorter.
    """
    shorter = min(len(left), len(right))
    least = max(-(-shorter // 2), min(shorter, MIN_OVERLAP))
    offsets = np.arange(least - len(right), len(left) - least + 1)
    start, end = offsets.clip(min=0), np.minimum(len(left), len(right) + offsets)
    ours, theirs = (start, end), (start - offsets, end - offsets)
    layout = (left.layout(*ours) * right.layout(*theirs)).sum(1)
    common = _products(left, right, offsets) + NOISE * (end - start)
    motion = common / np.sqrt(left.energy(*ours) * right.energy(*theirs))
    scores = np.where(layout >= LIKE_LAYOUT, motion, -1.0)
    best = int(scores.argmax())
    return float(scores[best]), int(offsets[best]), int((end - start)[best])


def _products(left: _Series, right: _Series, offsets: np.ndarray) -> np.ndarray:
    """Return the sums of products of the changes of two series, by the offset of the second."""
    length = next_fast_len(len(left) + len(right), real=True)
    spectra = [rfft(series.changes, length, axis=0) for series in (left, right)]
    return irfft((spectra[0] * spectra[1].conj()).sum(1), length)[offsets]
