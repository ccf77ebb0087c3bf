"""The last step of a pipeline: views become tensors and a data sample."""

import cv2
import numpy as np
import torch
from mmaction.structures import ActionDataSample
from mmcv.transforms import BaseTransform

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['PackViews']

_META_KEYS = ('index', 'filename', 'frame_dir', 'attributes')


@TRANSFORMS.register_module()
class PackViews(BaseTransform):
    """Pack the views of a video and its meta data.

    Required keys: ``views`` (with frames), ``index``, ``filename`` or ``frame_dir``,
    ``attributes``. Optional: ``label``; ``targets`` (integers or integer arrays by name, which
    become tensors of the data sample); ``bad_videos`` (pairs of path and reason).

    Returns:
        A dict of ``inputs`` (a uint8 tensor ``[C, T, H, W]`` for each view), ``deferred`` (for
        each view the draws that ``Defer`` leaves to the model's device: transform -> parameter ->
        float32 tensor ``[1 or T, ...]``) and ``data_samples`` (an ``ActionDataSample``).

    Raises:
        InputError: A view has no frames, or frames of different shapes.
    """

    def transform(self, results: dict) -> dict:
        """Pack one sample."""
        views = results['views']
        return {
            'inputs': [_to_tensor(view) for view in views],
            'deferred': [_deferred_tensors(view) for view in views],
            'data_samples': _data_sample(results),
        }


def _to_tensor(view: View) -> torch.Tensor:
    if not view.frames:
        raise InputError(f'view {view.name!r} has no frames: put DecodeViews before PackViews')
    shapes = {frame.shape for frame in view.frames}
    if len(shapes) > 1:
        raise InputError(
            f'the frames of view {view.name!r} differ in shape: {sorted(shapes)}; add a '
            'Resize(size=...) or a crop of fixed size before PackViews'
        )
    height, width, channels = view.frames[0].shape
    clip = np.empty((channels, len(view.frames), height, width), np.uint8)
    for number, frame in enumerate(view.frames):
        clip[:, number] = cv2.split(frame)  # twice as fast as transposing
    return torch.from_numpy(clip)


def _deferred_tensors(view: View) -> dict[str, dict[str, torch.Tensor]]:
    return {
        transform: {name: torch.from_numpy(rows.astype(np.float32)) for name, rows in drawn.items()}
        for transform, drawn in view.deferred.items()
    }


def _data_sample(results: dict) -> ActionDataSample:
    sample = ActionDataSample(
        metainfo={
            **{key: results[key] for key in _META_KEYS if key in results},
            'views': [{'name': v.name, 'frame_indices': v.frame_indices} for v in results['views']],
            'bad_videos': results.get('bad_videos', []),
        }
    )
    if results.get('label') is not None:
        sample.set_gt_labels(results['label'])
    for name, target in results.get('targets', {}).items():
        sample.set_field(torch.as_tensor(target, dtype=torch.long), name)
    return sample
