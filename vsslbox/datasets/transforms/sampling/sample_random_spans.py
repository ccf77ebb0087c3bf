"""The sampling of the large-scale study: clips of a fixed length in time."""

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleRandomSpans']


@TRANSFORMS.register_module()
class SampleRandomSpans(BaseSampler):
    r"""Clips of a fixed length in time, each of which starts anywhere: views ``clip0``, ``clip1``.

    A clip of T frames with an interval of d lasts T d frames of a video of ``fps`` frames a second,
    and as long in a video of another rate: L frames there, not always a whole number. With a start
    s that is uniform in [0, max(length - L, 0)], its frames are

    .. math:: \left\lfloor s + t \, \frac{L - 1}{T - 1} \right\rfloor, \qquad t = 0, \dots, T - 1

    so they are a little more than d apart: 9 frames instead of 8 for T = d = 8 at the rate
    ``fps``. The clips are independent of each other and may overlap. A video shorter than a clip
    repeats its last frame.

    Source: the code of Feichtenhofer et al., "A Large-Scale Study on Unsupervised Spatiotemporal
    Representation Learning".

    Required keys: ``total_frames``, ``rng``, ``fps`` (0 if unknown: the rate of the recipe).

    Args:
        num_clips: The number of clips, rho.
        clip_len: The frames of a clip, T.
        frame_interval: The nominal distance of its frames, d.
        fps: The frame rate of the recipe, in frames per second.
    """

    def __init__(
        self, num_clips: int = 2, clip_len: int = 8, frame_interval: int = 8, fps: float = 30
    ) -> None:
        check_counts(num_clips=num_clips, clip_len=clip_len, frame_interval=frame_interval)
        if fps <= 0:
            raise InputError(f'fps of {type(self).__name__} must be above 0, got {fps}')
        self.num_clips = num_clips
        self.clip_len = clip_len
        self.frame_interval = frame_interval
        self.fps = fps

    def transform(self, results: dict) -> dict:
        """Add the views."""
        total_frames = results['total_frames']
        length = self.clip_len * self.frame_interval * (results.get('fps') or self.fps) / self.fps
        starts = self.draw_starts(results['rng'], max(total_frames - length, 0))
        offsets = np.linspace(0, max(length - 1, 0), self.clip_len)
        results['views'] = [
            View(f'clip{number}', np.minimum(start + offsets, total_frames - 1).astype(np.int64))
            for number, start in enumerate(starts)
        ]
        return results

    def draw_starts(self, rng: np.random.Generator, room: float) -> np.ndarray:
        """Return the first place of each clip, in [0, ``room``] frames."""
        return rng.uniform(0, room, self.num_clips)
