"""The clip around the key frame of an annotation."""

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleKeyFrameClip']


@TRANSFORMS.register_module()
class SampleKeyFrameClip(BaseTransform):
    """One view, ``clip``, whose frame number T // 2 is the key frame, with the key frame's boxes.

    Where the clip leaves the video, the first or last frame is repeated. The positions are those of
    mmaction2's ``SampleAVAFrames`` in testing, but for one frame: that one counts the number of the
    first frame twice. In training they are the same here, without its jitter of single frames.

    Required keys: ``timestamp`` and ``timestamp_start`` (seconds), ``total_frames``, ``fps`` (0
    where the video doesn't say; then ``frame_rate``); optional: ``gt_bboxes``, ``proposals``
    (shares of the frame). Added: ``views``.

    Args:
        clip_len: The frames of the clip, T.
        frame_interval: The distance of its frames.
    """

    def __init__(self, clip_len: int = 32, frame_interval: int = 2) -> None:
        if min(clip_len, frame_interval) < 1:
            raise InputError(
                f'clip_len and frame_interval must be at least 1, got {clip_len} and '
                f'{frame_interval}'
            )
        self.clip_len = clip_len
        self.frame_interval = frame_interval

    def transform(self, results: dict) -> dict:
        """Add the view."""
        fps = results['fps'] or results['frame_rate']
        key_frame = round(fps * (results['timestamp'] - results['timestamp_start']))
        offsets = (np.arange(self.clip_len) - self.clip_len // 2) * self.frame_interval
        indices = np.clip(key_frame + offsets, 0, results['total_frames'] - 1)
        boxes = {name: results[name] for name in ('gt_bboxes', 'proposals') if name in results}
        results['views'] = [View('clip', indices, boxes=boxes)]
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(clip_len={self.clip_len}, frame_interval={self.frame_interval})'
        )
