"""The sampling of VCLR."""

import itertools

import numpy as np

from vsslbox.datasets.readers.base_reader import VideoError
from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleSegmentTuples']


@TRANSFORMS.register_module()
class SampleSegmentTuples(BaseSampler):
    """Draw two tuples of clips from the segments of a video, and repeat one of the clips.

    The video is split into S segments of equal length; the last one takes the remainder. In each
    segment two different starts are drawn, one for the anchor tuple and one for the positive
    tuple, so that tuples of single frames never share a frame. The query of VCLR's frame-level
    losses is the anchor's clip of the first or the last segment, never of a middle one.

    The views are ``anchor`` and ``positive``, S * T frames each, and ``query``, the T frames of the
    query. The target ``query_segment`` is the segment of the query. ``num_segments`` is S, for
    ``ShuffleOrder``.

    Source: VCLR, section 3.2; where the paper is silent (two draws in a segment, the query from an
    outer one), this follows the authors' code.

    Args:
        num_segments: S.
        clip_len: The frames of a clip, T: 1 for a 2D backbone.
        frame_interval: The distance between the frames of a clip, in frames of the video.
    """

    def __init__(self, num_segments: int = 3, clip_len: int = 1, frame_interval: int = 1) -> None:
        check_counts(num_segments=num_segments, clip_len=clip_len, frame_interval=frame_interval)
        self.num_segments = num_segments
        self.clip_len = clip_len
        self.frame_interval = frame_interval

    def transform(self, results: dict) -> dict:
        """Add the views, ``num_segments`` and ``query_segment``.

        Raises:
            VideoError: The video has fewer than two frames a segment.
        """
        rng, total_frames = results['rng'], results['total_frames']
        if total_frames < 2 * self.num_segments:
            raise VideoError(
                results.get('filename') or results['frame_dir'],
                f'{total_frames} frames, but {self.num_segments} segments need '
                f'{2 * self.num_segments}',
            )
        segments = self._segments(total_frames)
        starts = np.array([self._two_starts(rng, first, end) for first, end in segments])
        offsets = np.arange(self.clip_len) * self.frame_interval
        clips = starts.T[:, :, None] + offsets  # [2 tuples, S, T]
        positive, anchor = np.minimum(clips, total_frames - 1)
        query_segment = int(rng.choice([0, self.num_segments - 1]))
        results['views'] = [
            View('anchor', anchor.ravel()),
            View('positive', positive.ravel()),
            View('query', anchor[query_segment]),
        ]
        results['num_segments'] = self.num_segments
        results.setdefault('targets', {})['query_segment'] = query_segment
        return results

    def _segments(self, total_frames: int) -> list[tuple[int, int]]:
        """Return the first frame and the end (exclusive) of every segment."""
        length = total_frames // self.num_segments
        bounds = [length * i for i in range(self.num_segments)] + [total_frames]
        return list(itertools.pairwise(bounds))

    def _two_starts(self, rng: np.random.Generator, first: int, end: int) -> np.ndarray:
        """Draw two different starts of clips, which lie within the segment if they can."""
        span = (self.clip_len - 1) * self.frame_interval
        return rng.choice(np.arange(first, max(end - span, first + 2)), 2, replace=False)
