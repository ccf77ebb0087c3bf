"""Small parts that several models share."""

from vsslbox.models.utils.block_maps import block_maps
from vsslbox.models.utils.block_mask import BlockMask
from vsslbox.models.utils.box_iou import box_iou
from vsslbox.models.utils.clip_tuples import check_clips, with_others
from vsslbox.models.utils.cosine_momentum import CosineMomentum
from vsslbox.models.utils.encode import encode_clips, is_3d
from vsslbox.models.utils.gather import (
    gather_batch,
    gather_with_gradient,
    on_shuffled_batch,
    own_share,
)
from vsslbox.models.utils.linear_momentum import LinearMomentum
from vsslbox.models.utils.network_blocks import network_blocks
from vsslbox.models.utils.precision import at_least_float32, normalized
from vsslbox.models.utils.recompute import recompute
from vsslbox.models.utils.roi_align import roi_align, torch_roi_align
from vsslbox.models.utils.shared_generator import shared_generator
from vsslbox.models.utils.start_weights import forget_start_weights
from vsslbox.models.utils.sync_batch_norm import SyncBatchNorm, sync_on_any_device
from vsslbox.models.utils.token_positions import (
    rotary_table,
    rotate,
    sincos_3d_table,
    sincos_quarters_table,
)
from vsslbox.models.utils.transformer_block import TransformerBlock, run_blocks

__all__ = [
    'BlockMask',
    'CosineMomentum',
    'LinearMomentum',
    'SyncBatchNorm',
    'TransformerBlock',
    'at_least_float32',
    'block_maps',
    'box_iou',
    'check_clips',
    'encode_clips',
    'forget_start_weights',
    'gather_batch',
    'gather_with_gradient',
    'is_3d',
    'network_blocks',
    'normalized',
    'on_shuffled_batch',
    'own_share',
    'recompute',
    'roi_align',
    'rotary_table',
    'rotate',
    'run_blocks',
    'shared_generator',
    'sincos_3d_table',
    'sincos_quarters_table',
    'sync_on_any_device',
    'torch_roi_align',
    'with_others',
]
