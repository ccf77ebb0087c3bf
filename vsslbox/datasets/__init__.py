"""Lists of videos, and the pipeline that makes samples from them."""

from vsslbox.datasets import readers, transforms
from vsslbox.datasets.ava_dataset import AVADataset
from vsslbox.datasets.base_video_dataset import BaseVideoDataset
from vsslbox.datasets.binned_video_dataset import BinnedVideoDataset
from vsslbox.datasets.epoch_sampler import EpochSampler
from vsslbox.datasets.image_folder_dataset import ImageFolderDataset
from vsslbox.datasets.localization_dataset import LocalizationDataset
from vsslbox.datasets.rawframe_dataset import RawframeDataset
from vsslbox.datasets.shard_dataset import ShardDataset
from vsslbox.datasets.shot_dataset import ShotDataset
from vsslbox.datasets.video_dataset import VideoDataset

__all__ = [
    'AVADataset',
    'BaseVideoDataset',
    'BinnedVideoDataset',
    'EpochSampler',
    'ImageFolderDataset',
    'LocalizationDataset',
    'RawframeDataset',
    'ShardDataset',
    'ShotDataset',
    'VideoDataset',
    'readers',
    'transforms',
]
