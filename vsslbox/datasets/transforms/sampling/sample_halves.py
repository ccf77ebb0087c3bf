"""The sampling of SeCo."""

import numpy as np

from vsslbox.datasets.readers.base_reader import VideoError
from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleHalves']


@TRANSFORMS.register_module()
class SampleHalves(BaseSampler):
    """A query from one half of a video and two clips from the other half.

    The first half has ``total_frames // 2`` frames. Either half may be that of the query. The two
    other clips are drawn independently, so that they may be the same, and are in the order of time.

    The views are ``query``, ``again`` (the same frames, for another augmentation), ``earlier`` and
    ``later``. The target ``query_half`` is 0 if the query comes before the others, and 1 if it
    comes after them.

    Source: the code of Yao et al., "SeCo: Exploring Sequence Supervision for Unsupervised
    Representation Learning", with single frames.

    Args:
        clip_len: The frames of a clip, T: 1 for a 2D backbone. A clip starts within its half and
            repeats the last frame at the end of the video.
        frame_interval: The distance between the frames of a clip.
    """

    def __init__(self, clip_len: int = 1, frame_interval: int = 1) -> None:
        check_counts(clip_len=clip_len, frame_interval=frame_interval)
        self.clip_len = clip_len
        self.frame_interval = frame_interval

    def transform(self, results: dict) -> dict:
        """Add the views and ``query_half``.

        Raises:
            VideoError: The video has a single frame.
        """
        rng, total_frames = results['rng'], results['total_frames']
        if total_frames < 2:
            raise VideoError(
                results.get('filename') or results['frame_dir'],
                f'{total_frames} frames, but two halves need 2',
            )
        middle = total_frames // 2
        halves = [(0, middle), (middle, total_frames)]
        query_half = int(rng.integers(2))
        query = rng.integers(*halves[query_half])
        earlier, later = np.sort(rng.integers(*halves[1 - query_half], size=2))
        offsets = np.arange(self.clip_len) * self.frame_interval
        starts = dict(query=query, again=query, earlier=earlier, later=later)
        results['views'] = [
            View(name, np.minimum(start + offsets, total_frames - 1))
            for name, start in starts.items()
        ]
        results.setdefault('targets', {})['query_half'] = query_half
        return results
