"""The sampling of V-JEPA 2: a clip with a given number of frames a second."""

import math

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.datasets.transforms.sampling.sample_random_window import SampleRandomWindow
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['SampleClipAtRate']


@TRANSFORMS.register_module()
class SampleClipAtRate(BaseSampler):
    """One clip that starts anywhere in the video, with about ``fps`` frames a second: one view.

    Its frames are d apart, the frame rate of the video, rounded up, divided by ``fps`` without the
    rest: 6 for 24 and 25 frames a second, 7 for 29.97 and 30 and a rate of 4. A video shorter than
    the clip repeats its last frame.

    Source: the code of Assran et al., "V-JEPA 2".

    Required keys: ``total_frames``, ``rng``, ``fps``.

    Args:
        clip_len: The frames of the clip, T.
        fps: The frames of the clip per second of the video, a whole number.
    """

    def __init__(self, clip_len: int = 16, fps: int = 4) -> None:
        check_counts(clip_len=clip_len, fps=fps)
        self.clip_len = clip_len
        self.fps = fps

    def transform(self, results: dict) -> dict:
        """Add the view.

        Raises:
            InputError: The frame rate of the video is not known.
        """
        if not results['fps']:
            raise InputError(
                'SampleClipAtRate needs the frame rate, which folders and archives of frames do '
                'not tell: sample with `SampleRandomWindow(num_views=1, clip_len=..., '
                'down_sampling=...)` there'
            )
        interval = max(math.ceil(results['fps']) // self.fps, 1)
        return SampleRandomWindow(1, self.clip_len, interval).transform(results)
