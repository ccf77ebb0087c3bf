"""Backbones that mmaction2 lacks; configs name those of mmaction2 ``mmaction.X``."""

from vsslbox.models.backbones.c3d_trunk import C3DTrunk
from vsslbox.models.backbones.caffe_net import CaffeNet
from vsslbox.models.backbones.frame_concat import FrameConcat
from vsslbox.models.backbones.frame_differences import FrameDifferences
from vsslbox.models.backbones.image_vit import ImageViT
from vsslbox.models.backbones.level_norm_vit import LevelNormViT
from vsslbox.models.backbones.narrow_resnet import NarrowResNet
from vsslbox.models.backbones.narrow_resnet_tsm import NarrowResNetTSM
from vsslbox.models.backbones.preact_resnet3d import PreActResNet3d
from vsslbox.models.backbones.preact_slowfast import PreActSlowFast
from vsslbox.models.backbones.projected_backbone import ProjectedBackbone
from vsslbox.models.backbones.r3d_resnet import R3DResNet
from vsslbox.models.backbones.recurrent_backbone import RecurrentBackbone
from vsslbox.models.backbones.resnet2d3d import ResNet2d3d
from vsslbox.models.backbones.s3d import S3D
from vsslbox.models.backbones.two_stream import TwoStream
from vsslbox.models.backbones.vdim_encoder import VDIMEncoder
from vsslbox.models.backbones.video_mvit import VideoMViT
from vsslbox.models.backbones.video_resnet2plus1d import VideoResNet2Plus1d
from vsslbox.models.backbones.video_resnet3d import VideoResNet3d
from vsslbox.models.backbones.video_vit import VideoViT

__all__ = [
    'S3D',
    'C3DTrunk',
    'CaffeNet',
    'FrameConcat',
    'FrameDifferences',
    'ImageViT',
    'LevelNormViT',
    'NarrowResNet',
    'NarrowResNetTSM',
    'PreActResNet3d',
    'PreActSlowFast',
    'ProjectedBackbone',
    'R3DResNet',
    'RecurrentBackbone',
    'ResNet2d3d',
    'TwoStream',
    'VDIMEncoder',
    'VideoMViT',
    'VideoResNet2Plus1d',
    'VideoResNet3d',
    'VideoViT',
]
