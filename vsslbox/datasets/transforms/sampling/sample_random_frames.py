"""The sampling of VINCE."""

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler, check_counts
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['SampleRandomFrames']


@TRANSFORMS.register_module()
class SampleRandomFrames(BaseSampler):
    """Frames from anywhere in the video, twice: the views ``query`` and ``key``.

    All frames are drawn independently and with replacement, so that a frame may be its own positive
    under another augmentation.

    Source: the code of Gordon et al., "Watching the World Go By", whose data set holds four stills
    a video.

    Args:
        num_frames: The frames of a view, S.
    """

    clip_len = 1  # the network sees each frame alone

    def __init__(self, num_frames: int = 4) -> None:
        check_counts(num_frames=num_frames)
        self.num_frames = num_frames

    def transform(self, results: dict) -> dict:
        """Add the views."""
        query, key = results['rng'].integers(results['total_frames'], size=(2, self.num_frames))
        results['views'] = [View('query', query), View('key', key)]
        return results
