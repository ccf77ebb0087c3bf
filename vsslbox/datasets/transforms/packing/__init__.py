"""The last step of a pipeline: it packs a sample for collation."""

from vsslbox.datasets.transforms.packing.pack_clips import PackClips
from vsslbox.datasets.transforms.packing.pack_detection import PackDetection
from vsslbox.datasets.transforms.packing.pack_frames import PackFrames
from vsslbox.datasets.transforms.packing.pack_views import PackViews

__all__ = [
    'PackClips',
    'PackDetection',
    'PackFrames',
    'PackViews',
]
