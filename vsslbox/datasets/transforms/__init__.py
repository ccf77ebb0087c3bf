"""The pipeline: sample views, decode, augment, pack."""

from vsslbox.datasets.transforms.augment_views import AugmentViews
from vsslbox.datasets.transforms.center_crop import CenterCrop
from vsslbox.datasets.transforms.color_jitter import ColorJitter
from vsslbox.datasets.transforms.decode_views import DecodeViews
from vsslbox.datasets.transforms.defer import Defer
from vsslbox.datasets.transforms.distorted_box_crop import DistortedBoxCrop
from vsslbox.datasets.transforms.gaussian_blur import GaussianBlur
from vsslbox.datasets.transforms.keep_bin import KeepBin
from vsslbox.datasets.transforms.lab_channel_dropout import LabChannelDropout
from vsslbox.datasets.transforms.load_localization_feature import LoadLocalizationFeature
from vsslbox.datasets.transforms.multi_scale_crop import MultiScaleCrop
from vsslbox.datasets.transforms.open_frames import OpenFrames
from vsslbox.datasets.transforms.open_video import OpenVideo
from vsslbox.datasets.transforms.pack_clips import PackClips
from vsslbox.datasets.transforms.pack_detection import PackDetection
from vsslbox.datasets.transforms.pack_frames import PackFrames
from vsslbox.datasets.transforms.pack_views import PackViews
from vsslbox.datasets.transforms.rand_augment import RandAugment
from vsslbox.datasets.transforms.random_crop import RandomCrop
from vsslbox.datasets.transforms.random_flip import RandomFlip
from vsslbox.datasets.transforms.random_grayscale import RandomGrayscale
from vsslbox.datasets.transforms.random_resized_crop import RandomResizedCrop
from vsslbox.datasets.transforms.random_rotation import RandomRotation
from vsslbox.datasets.transforms.random_short_side import RandomShortSide
from vsslbox.datasets.transforms.resize import Resize
from vsslbox.datasets.transforms.sample_all_window_views import SampleAllWindowViews
from vsslbox.datasets.transforms.sample_binned_frames import SampleBinnedFrames
from vsslbox.datasets.transforms.sample_key_frame_clip import SampleKeyFrameClip
from vsslbox.datasets.transforms.sample_random_clip import SampleRandomClip
from vsslbox.datasets.transforms.sample_segment_centres import SampleSegmentCentres
from vsslbox.datasets.transforms.sample_segment_tuples import SampleSegmentTuples
from vsslbox.datasets.transforms.sample_segments import SampleSegments
from vsslbox.datasets.transforms.sample_subsequences import SampleSubsequences
from vsslbox.datasets.transforms.sample_temporal_interval import SampleTemporalInterval
from vsslbox.datasets.transforms.sample_uniform_clips import SampleUniformClips
from vsslbox.datasets.transforms.sample_uniform_frames import SampleUniformFrames
from vsslbox.datasets.transforms.sample_window_views import SampleWindowViews
from vsslbox.datasets.transforms.shuffle_order import ShuffleOrder
from vsslbox.datasets.transforms.solarize import Solarize
from vsslbox.datasets.transforms.ten_crops import TenCrops
from vsslbox.datasets.transforms.three_crops import ThreeCrops
from vsslbox.datasets.transforms.view_transform import ViewTransform

__all__ = [
    'AugmentViews',
    'CenterCrop',
    'ColorJitter',
    'DecodeViews',
    'Defer',
    'DistortedBoxCrop',
    'GaussianBlur',
    'KeepBin',
    'LabChannelDropout',
    'LoadLocalizationFeature',
    'MultiScaleCrop',
    'OpenFrames',
    'OpenVideo',
    'PackClips',
    'PackDetection',
    'PackFrames',
    'PackViews',
    'RandAugment',
    'RandomCrop',
    'RandomFlip',
    'RandomGrayscale',
    'RandomResizedCrop',
    'RandomRotation',
    'RandomShortSide',
    'Resize',
    'SampleAllWindowViews',
    'SampleBinnedFrames',
    'SampleKeyFrameClip',
    'SampleRandomClip',
    'SampleSegmentCentres',
    'SampleSegmentTuples',
    'SampleSegments',
    'SampleSubsequences',
    'SampleTemporalInterval',
    'SampleUniformClips',
    'SampleUniformFrames',
    'SampleWindowViews',
    'ShuffleOrder',
    'Solarize',
    'TenCrops',
    'ThreeCrops',
    'ViewTransform',
]
