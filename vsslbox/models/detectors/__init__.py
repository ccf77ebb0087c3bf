"""Models that find who does what where."""

from vsslbox.models.detectors.fast_rcnn import FastRCNN

__all__ = ['FastRCNN']
