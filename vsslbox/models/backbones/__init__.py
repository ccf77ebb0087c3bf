"""Backbones that mmaction2 lacks; configs name those of mmaction2 ``mmaction.X``."""

from vsslbox.models.backbones.frame_concat import FrameConcat
from vsslbox.models.backbones.narrow_resnet import NarrowResNet
from vsslbox.models.backbones.narrow_resnet_tsm import NarrowResNetTSM
from vsslbox.models.backbones.preact_resnet3d import PreActResNet3d
from vsslbox.models.backbones.preact_slowfast import PreActSlowFast
from vsslbox.models.backbones.projected_backbone import ProjectedBackbone
from vsslbox.models.backbones.r3d_resnet import R3DResNet
from vsslbox.models.backbones.two_stream import TwoStream
from vsslbox.models.backbones.vdim_encoder import VDIMEncoder

__all__ = [
    'FrameConcat',
    'NarrowResNet',
    'NarrowResNetTSM',
    'PreActResNet3d',
    'PreActSlowFast',
    'ProjectedBackbone',
    'R3DResNet',
    'TwoStream',
    'VDIMEncoder',
]
