"""The pipeline: sample views, decode, augment, pack."""

from vsslbox.datasets.transforms.augment_views import AugmentViews
from vsslbox.datasets.transforms.center_crop import CenterCrop
from vsslbox.datasets.transforms.color_jitter import ColorJitter
from vsslbox.datasets.transforms.decode_views import DecodeViews
from vsslbox.datasets.transforms.defer import Defer
from vsslbox.datasets.transforms.gaussian_blur import GaussianBlur
from vsslbox.datasets.transforms.open_frames import OpenFrames
from vsslbox.datasets.transforms.open_video import OpenVideo
from vsslbox.datasets.transforms.pack_views import PackViews
from vsslbox.datasets.transforms.random_flip import RandomFlip
from vsslbox.datasets.transforms.random_grayscale import RandomGrayscale
from vsslbox.datasets.transforms.random_resized_crop import RandomResizedCrop
from vsslbox.datasets.transforms.resize import Resize
from vsslbox.datasets.transforms.sample_segment_tuples import SampleSegmentTuples
from vsslbox.datasets.transforms.sample_uniform_clips import SampleUniformClips
from vsslbox.datasets.transforms.sample_uniform_frames import SampleUniformFrames
from vsslbox.datasets.transforms.shuffle_order import ShuffleOrder
from vsslbox.datasets.transforms.view_transform import ViewTransform

__all__ = [
    'AugmentViews',
    'CenterCrop',
    'ColorJitter',
    'DecodeViews',
    'Defer',
    'GaussianBlur',
    'OpenFrames',
    'OpenVideo',
    'PackViews',
    'RandomFlip',
    'RandomGrayscale',
    'RandomResizedCrop',
    'Resize',
    'SampleSegmentTuples',
    'SampleUniformClips',
    'SampleUniformFrames',
    'ShuffleOrder',
    'ViewTransform',
]
