"""Replacement of videos that are too short."""

from mmcv.transforms import BaseTransform

from vsslbox.datasets.readers import VideoError
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['RequireFrames']


@TRANSFORMS.register_module()
class RequireFrames(BaseTransform):
    """Refuse a video that is too short, so that another one takes its place.

    In training the data set replaces a refused video, its index and its label by those of a random
    other video, as it does with one that cannot be read; it is logged and counted as such.
    Without this transform, a sampler repeats the frames of a short video.

    It comes after ``OpenVideo`` or ``OpenFrames``. Required keys: ``reader``, ``total_frames``.

    Source: Zhuang et al., "Unsupervised Learning from Video with Deep Neural Embeddings", following
    the authors' code: VIE-Slow refuses videos of up to 64 frames, VIE-TRN those of up to 4.

    Args:
        min_frames: The number of frames that a video must have.

    Raises:
        VideoError: The video has fewer frames.
    """

    def __init__(self, min_frames: int) -> None:
        if min_frames < 1:
            raise InputError(f'min_frames of RequireFrames must be at least 1, got {min_frames}')
        self.min_frames = min_frames

    def transform(self, results: dict) -> dict:
        """Check the number of frames."""
        found = results['total_frames']
        if found < self.min_frames:
            raise VideoError(
                results['reader'].path,
                f'too short: {found} frames, but at least {self.min_frames} are required',
            )
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(min_frames={self.min_frames})'
