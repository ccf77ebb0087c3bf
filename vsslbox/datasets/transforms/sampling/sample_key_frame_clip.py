"""The sampling of AVA."""

import numpy as np

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleKeyFrameClip']


@TRANSFORMS.register_module()
class SampleKeyFrameClip(BaseSampler):
    """The clip around an annotated key frame, with the boxes of that frame: one view, ``clip``.

    The key frame is the clip's frame number T // 2. Where the clip leaves the video, the first or
    last frame is repeated. The positions are those of mmaction2's ``SampleAVAFrames`` in testing,
    shifted by one frame: that one counts the number of the first frame twice. In training they are
    the same here, without its jitter of single frames.

    Required keys: ``timestamp`` and ``timestamp_start`` (seconds), ``total_frames``, ``fps`` (0
    if the video does not say; then ``frame_rate``); optional: ``gt_bboxes``, ``proposals``
    (normalised coordinates). Added: ``views``.

    Args:
        clip_len: The frames of the clip, T.
        frame_interval: The distance between its frames.
    """

    def __init__(self, clip_len: int = 32, frame_interval: int = 2) -> None:
        check_counts(clip_len=clip_len, frame_interval=frame_interval)
        self.clip_len = clip_len
        self.frame_interval = frame_interval

    def transform(self, results: dict) -> dict:
        """Add the view ``clip``."""
        fps = results['fps'] or results['frame_rate']
        key_frame = round(fps * (results['timestamp'] - results['timestamp_start']))
        offsets = (np.arange(self.clip_len) - self.clip_len // 2) * self.frame_interval
        indices = np.clip(key_frame + offsets, 0, results['total_frames'] - 1)
        boxes = {name: results[name] for name in ('gt_bboxes', 'proposals') if name in results}
        results['views'] = [View('clip', indices, boxes=boxes)]
        return results
