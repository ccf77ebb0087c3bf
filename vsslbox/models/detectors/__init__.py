"""Models that detect actions in space and time."""

from vsslbox.models.detectors.fast_rcnn import FastRCNN

__all__ = ['FastRCNN']
