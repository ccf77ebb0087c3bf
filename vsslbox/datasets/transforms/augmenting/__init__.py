"""Transforms that change the frames of views."""

from vsslbox.datasets.transforms.augmenting.augment_clip_pair import AugmentClipPair
from vsslbox.datasets.transforms.augmenting.augment_views import AugmentViews
from vsslbox.datasets.transforms.augmenting.center_crop import CenterCrop
from vsslbox.datasets.transforms.augmenting.color_jitter import ColorJitter
from vsslbox.datasets.transforms.augmenting.defer import Defer
from vsslbox.datasets.transforms.augmenting.distorted_box_crop import DistortedBoxCrop
from vsslbox.datasets.transforms.augmenting.gaussian_blur import GaussianBlur
from vsslbox.datasets.transforms.augmenting.lab_channel_dropout import LabChannelDropout
from vsslbox.datasets.transforms.augmenting.multi_scale_crop import MultiScaleCrop
from vsslbox.datasets.transforms.augmenting.rand_augment import RandAugment
from vsslbox.datasets.transforms.augmenting.random_crop import RandomCrop
from vsslbox.datasets.transforms.augmenting.random_flip import RandomFlip
from vsslbox.datasets.transforms.augmenting.random_grayscale import RandomGrayscale
from vsslbox.datasets.transforms.augmenting.random_resized_crop import RandomResizedCrop
from vsslbox.datasets.transforms.augmenting.random_rotation import RandomRotation
from vsslbox.datasets.transforms.augmenting.random_short_side import RandomShortSide
from vsslbox.datasets.transforms.augmenting.rearrange_frames import RearrangeFrames
from vsslbox.datasets.transforms.augmenting.resize import Resize
from vsslbox.datasets.transforms.augmenting.rotate_views import RotateViews
from vsslbox.datasets.transforms.augmenting.solarize import Solarize
from vsslbox.datasets.transforms.augmenting.ten_crops import TenCrops
from vsslbox.datasets.transforms.augmenting.tensorflow_color_jitter import TensorFlowColorJitter
from vsslbox.datasets.transforms.augmenting.three_crops import ThreeCrops
from vsslbox.datasets.transforms.augmenting.view_transform import ViewTransform

__all__ = [
    'AugmentClipPair',
    'AugmentViews',
    'CenterCrop',
    'ColorJitter',
    'Defer',
    'DistortedBoxCrop',
    'GaussianBlur',
    'LabChannelDropout',
    'MultiScaleCrop',
    'RandAugment',
    'RandomCrop',
    'RandomFlip',
    'RandomGrayscale',
    'RandomResizedCrop',
    'RandomRotation',
    'RandomShortSide',
    'RearrangeFrames',
    'Resize',
    'RotateViews',
    'Solarize',
    'TenCrops',
    'TensorFlowColorJitter',
    'ThreeCrops',
    'ViewTransform',
]
