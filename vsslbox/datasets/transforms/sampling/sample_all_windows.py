"""The sampling of the test after VDIM's fine-tuning."""

from vsslbox.datasets.transforms.sampling.base_sampler import check_counts
from vsslbox.datasets.transforms.sampling.sample_random_window import SampleRandomWindow
from vsslbox.registry import TRANSFORMS

__all__ = ['SampleAllWindows']


@TRANSFORMS.register_module()
class SampleAllWindows(SampleRandomWindow):
    """All windows of K consecutive clips, at a fixed stride: one view for each clip.

    A head that takes ``num_views`` clips at a time (:class:`MLPClsHead`) classifies each window.
    Frames after the last window that fits are left out. A video shorter than a window gives one
    window, which repeats the last frame.

    Source: VDIM, fine-tuning. The paper evaluates all windows, and does not say how far apart they
    begin. In its pretraining they are one frame apart: with ``stride=1`` a video of 10 seconds has
    more than a hundred of them, which share nearly all frames. By default a window begins where a
    view does.

    Args:
        num_views: The views of a window, K.
        clip_len: The frames of a view, T.
        stride: The distance between the starts of two windows, in frames of the video.
        down_sampling: d: a window keeps only every d-th frame.
    """

    def __init__(
        self, num_views: int = 4, clip_len: int = 32, stride: int = 32, down_sampling: int = 1
    ) -> None:
        super().__init__(num_views, clip_len, down_sampling)
        check_counts(stride=stride)
        self.stride = stride

    def transform(self, results: dict) -> dict:
        """Add the views ``window0_view0``, ``window0_view1``, ..., ``window32_view0``, ..."""
        total_frames = results['total_frames']
        starts = range(0, self.last_start(total_frames) + 1, self.stride)
        results['views'] = [view for start in starts for view in self.views_of(start, total_frames)]
        return results
