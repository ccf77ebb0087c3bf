"""Heads: a task and its loss."""

from vsslbox.models.heads.attentive_probe_head import AttentiveProbeHead
from vsslbox.models.heads.ava_roi_head import AVARoIHead
from vsslbox.models.heads.dense_prediction_head import DensePredictionHead
from vsslbox.models.heads.layer_norm_i3d_head import LayerNormI3DHead
from vsslbox.models.heads.max_clips_i3d_head import MaxClipsI3DHead
from vsslbox.models.heads.mlp_cls_head import MLPClsHead
from vsslbox.models.heads.multi_pair_contrast_head import MultiPairContrastHead
from vsslbox.models.heads.normalized_i3d_head import NormalizedI3DHead
from vsslbox.models.heads.pixel_decoder import PixelDecoder
from vsslbox.models.heads.queue_contrast_head import QueueContrastHead
from vsslbox.models.heads.temporal_order_head import TemporalOrderHead
from vsslbox.models.heads.tuple_cls_head import TupleClsHead

__all__ = [
    'AVARoIHead',
    'AttentiveProbeHead',
    'DensePredictionHead',
    'LayerNormI3DHead',
    'MLPClsHead',
    'MaxClipsI3DHead',
    'MultiPairContrastHead',
    'NormalizedI3DHead',
    'PixelDecoder',
    'QueueContrastHead',
    'TemporalOrderHead',
    'TupleClsHead',
]
