"""The last step of a pipeline for a detector."""

import numpy as np
import torch
from mmengine.structures import InstanceData

from vsslbox.datasets.transforms.packing.pack_views import PackViews
from vsslbox.registry import TRANSFORMS

__all__ = ['PackDetection']

_META_KEYS = ('video_id', 'timestamp', 'img_key')


@TRANSFORMS.register_module()
class PackDetection(PackViews):
    """Pack the clip around a key frame with the boxes of that frame.

    Boxes are clipped to the frame, and boxes that lie outside the crop are left out. mmengine's
    ``pseudo_collate`` and ``mmaction.ActionDataPreprocessor(format_shape='NCTHW')`` make the
    batches.

    Required keys: those of :class:`PackViews`, with one view, and ``video_id``, ``timestamp``.
    Optional: ``gt_labels`` (``[n, K]``, for the view's ``gt_bboxes``).

    Returns:
        A dict of ``inputs`` (a uint8 tensor ``[C, T, H, W]``) and ``data_samples`` (an
        ``ActionDataSample`` with ``proposals`` and, if known, ``gt_instances``). Their ``bboxes``
        ``[n, 4]`` are left, top, right, bottom in pixels of the inputs;
        ``proposals.video_bboxes`` are the same boxes in normalised coordinates of the video.
    """

    def transform(self, results: dict) -> dict:
        """Pack one sample."""
        (view,) = results['views']
        packed = super().transform(results)
        (clip,), sample = packed['inputs'], packed['data_samples']
        sample.set_metainfo({key: results[key] for key in _META_KEYS if key in results})
        height, width = clip.shape[2:]
        sample.set_metainfo(dict(img_shape=(height, width)))
        if 'gt_bboxes' in view.boxes:
            sample.gt_instances = _instances(
                view.boxes['gt_bboxes'], width, height, labels=results['gt_labels']
            )
        proposals = view.boxes.get('proposals', np.zeros((0, 4)))
        sample.proposals = _instances(
            proposals, width, height, video_bboxes=results.get('proposals', proposals)
        )
        return {'inputs': clip, 'data_samples': sample}


def _instances(boxes: np.ndarray, width: int, height: int, **known: np.ndarray) -> InstanceData:
    """Return the boxes that are visible, with what is known of them."""
    boxes = boxes.clip(0, 1)
    seen = (boxes[:, :2] < boxes[:, 2:]).all(1)
    columns = dict(bboxes=boxes * [width, height, width, height], **known)
    return InstanceData(
        **{name: torch.from_numpy(c[seen].astype(np.float32)) for name, c in columns.items()}
    )
