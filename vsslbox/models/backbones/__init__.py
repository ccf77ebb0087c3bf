"""Backbones that mmaction2 lacks; its own are used by the name ``mmaction.X``."""

from vsslbox.models.backbones.narrow_resnet import NarrowResNet

__all__ = ['NarrowResNet']
