"""A check of the frame rate that a recipe counts on."""

import logging
from multiprocessing import RawValue

from mmcv.transforms import BaseTransform
from mmengine.logging import print_log

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['CheckFrameRate']

TOLERANCE = 0.02  # 24.9 frames per second are as good as 25, 24 are not

_told = RawValue('b', False)  # shared with the workers of a data loader, which are forked


@TRANSFORMS.register_module()
class CheckFrameRate(BaseTransform):
    """Warn, once for a training and its workers, of a video with another frame rate.

    Samplers and bins count frames: on videos of another rate, a clip lasts a different time than
    in the recipe. Nothing else changes. Videos whose rate is not known pass.

    It comes after ``OpenVideo`` or ``OpenFrames``. Required keys: ``reader``, ``fps``.

    Args:
        fps: The frames per second that the recipe counts on.
    """

    def __init__(self, fps: float) -> None:
        if fps <= 0:
            raise InputError(f'fps of CheckFrameRate must be above 0, got {fps}')
        self.fps = fps

    def transform(self, results: dict) -> dict:
        """Compare the rates."""
        found = results['fps']
        if found and abs(found / self.fps - 1) > TOLERANCE and not _told.value:
            _told.value = True
            message = (
                f'{results["reader"].path} has {found:g} frames per second, but this config counts '
                f'its clips and bins in frames at {self.fps:g} per second. '
                f'`tools/data/resize_videos.py --fps {self.fps:g}` makes such videos. Other videos '
                'are not named; without this step of the pipeline (CheckFrameRate) none is'
            )
            print_log(message, 'current', logging.WARNING)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(fps={self.fps})'
