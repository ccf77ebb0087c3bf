"""The sampling of VIE."""

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleRandomClip']


@TRANSFORMS.register_module()
class SampleRandomClip(BaseSampler):
    """One clip that starts anywhere in the video: one view, ``clip``.

    A video shorter than the clip starts over at its end. (For VIE-Slow the authors replace it by
    another random video: :class:`RequireFrames` does.)

    Source: VIE, section 4: a single frame (1), 16 consecutive frames (16 x 1), 4 frames 16 apart
    (4 x 16), 16 frames 4 apart (16 x 4).

    Args:
        clip_len: The frames of the clip, T.
        frame_interval: The distance between its frames.
        span: A clip starts before the last ``span`` frames of the video, if there are more; with
            None, all starts are drawn from which the clip ends within the video,
            ``(clip_len - 1) * frame_interval``.
    """

    def __init__(
        self, clip_len: int = 16, frame_interval: int = 1, span: int | None = None
    ) -> None:
        check_counts(clip_len=clip_len, frame_interval=frame_interval)
        self.clip_len = clip_len
        self.frame_interval = frame_interval
        self.span = (clip_len - 1) * frame_interval if span is None else span

    def transform(self, results: dict) -> dict:
        """Add the view ``clip``."""
        total_frames = results['total_frames']
        start = results['rng'].integers(max(total_frames - self.span, 1))
        offsets = np.arange(self.clip_len) * self.frame_interval
        results['views'] = [View('clip', (start + offsets) % total_frames)]
        return results
