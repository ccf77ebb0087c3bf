"""Initializers that fill parts of a model from a checkpoint."""

from vsslbox.checkpoints.initializers.pretrained_backbone import PretrainedBackbone
from vsslbox.checkpoints.initializers.pretrained_bank import PretrainedBank
from vsslbox.checkpoints.initializers.pretrained_projection import PretrainedProjection

__all__ = ['PretrainedBackbone', 'PretrainedBank', 'PretrainedProjection']
