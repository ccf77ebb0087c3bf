"""The sampling of Shuffle and Learn."""

import cv2
import numpy as np

from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleFrameTriples']

_THUMBNAIL = (32, 32)


@TRANSFORMS.register_module()
class SampleFrameTriples(BaseSampler):
    """Three frames in or out of order: the views ``first``, ``middle`` and ``last``.

    Five frames a < b < c < d < e of a window with much motion make a triple in order, (b, c, d), or
    one out of order, (b, a, d) or (b, e, d); half of the triples are then reversed, which leaves
    the class as it is. b and d are ``span`` frames apart, a and e ``offset`` frames before b and
    after d, and c is any frame between b and d. In a short video, all distances shrink alike. The
    target ``pretext_label`` is 1 for a triple in order, else 0.

    The probability of a window is proportional to its motion: the mean difference of the grey
    values between successive frames of a small copy of the video, of which every
    ``motion_interval``-th frame is read. The authors take the magnitude of optical flow, and also
    leave out triples whose frame c resembles a or e.

    Required keys: ``reader`` too.

    Source: Misra et al., "Shuffle and Learn", section 3.1: tau_max = 60, tau_min = 15 and three
    triples of four out of order are its best setting.

    Args:
        span: The distance of the outer frames of a triple, tau_max.
        offset: The distance of a frame out of order to the nearer outer frame, tau_min.
        positive_share: The probability of a triple in order.
        motion_interval: The distance of the frames between which motion is measured.
    """

    clip_len = 1  # the network sees each frame alone

    def __init__(
        self,
        span: int = 60,
        offset: int = 15,
        positive_share: float = 0.25,
        motion_interval: int = 4,
    ) -> None:
        check_counts(offset=offset, motion_interval=motion_interval)
        if span < 2:
            raise InputError(f'span must be at least 2, got {span}')
        if not 0 <= positive_share <= 1:
            raise InputError(f'positive_share must be within [0, 1], got {positive_share}')
        self.span = span
        self.offset = offset
        self.positive_share = positive_share
        self.motion_interval = motion_interval

    def transform(self, results: dict) -> dict:
        """Add the views and the target.

        Raises:
            VideoError: The video has fewer than 5 frames.
        """
        rng, total_frames = results['rng'], results['total_frames']
        if total_frames < 5:
            raise VideoError(
                results.get('filename') or results['frame_dir'],
                f'{total_frames} frames, but a triple is drawn from 5',
            )
        shrink = min(1, (total_frames - 1) / (self.span + 2 * self.offset))
        span, offset = max(int(self.span * shrink), 2), max(int(self.offset * shrink), 1)
        a = _draw_start(rng, self._motion(results['reader']), total_frames, span + 2 * offset)
        b, d = a + offset, a + offset + span
        in_order = rng.random() < self.positive_share
        c = rng.integers(b + 1, d)
        other = rng.choice([a, d + offset])
        frames = [b, c if in_order else other, d][:: rng.choice([1, -1])]
        results['views'] = [
            View(name, np.array([frame]))
            for name, frame in zip(('first', 'middle', 'last'), frames)
        ]
        results.setdefault('targets', {})['pretext_label'] = int(in_order)
        return results

    def _motion(self, reader: BaseReader) -> np.ndarray:
        """Return the motion from each frame to the next, ``[total_frames - 1]``."""
        interval, last = self.motion_interval, reader.num_frames - 1
        places = [*range(0, last, interval), last]
        small = [_thumbnail(frame) for frame in reader.read(places)]
        change = np.abs(np.diff(np.stack(small).astype(np.float64), axis=0)).mean(axis=(1, 2))
        lengths = np.diff(places)
        return np.repeat(change / lengths, lengths)


def _thumbnail(frame: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, _THUMBNAIL, interpolation=cv2.INTER_AREA)


def _draw_start(
    rng: np.random.Generator, motion: np.ndarray, total_frames: int, length: int
) -> int:
    """Draw the first frame of a window of ``length + 1`` frames by its motion."""
    until = np.concatenate([[0], np.cumsum(motion)])
    weights = until[length:total_frames] - until[: total_frames - length]
    if not weights.sum() > 0:
        weights = np.ones_like(weights)
    return int(rng.choice(len(weights), p=weights / weights.sum()))
