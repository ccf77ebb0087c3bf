"""Initializers: laws that mmengine lacks, and parts of a model from a checkpoint."""

from vsslbox.checkpoints.initializers.depth_scaled_normal import DepthScaledNormal
from vsslbox.checkpoints.initializers.pretrained_backbone import PretrainedBackbone
from vsslbox.checkpoints.initializers.pretrained_bank import PretrainedBank
from vsslbox.checkpoints.initializers.pretrained_projection import PretrainedProjection

__all__ = ['DepthScaledNormal', 'PretrainedBackbone', 'PretrainedBank', 'PretrainedProjection']
