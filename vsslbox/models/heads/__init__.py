"""Heads: a task and its loss."""

from vsslbox.models.heads.ava_roi_head import AVARoIHead
from vsslbox.models.heads.mlp_cls_head import MLPClsHead
from vsslbox.models.heads.normalized_i3d_head import NormalizedI3DHead
from vsslbox.models.heads.queue_contrast_head import QueueContrastHead
from vsslbox.models.heads.temporal_order_head import TemporalOrderHead

__all__ = [
    'AVARoIHead',
    'MLPClsHead',
    'NormalizedI3DHead',
    'QueueContrastHead',
    'TemporalOrderHead',
]
