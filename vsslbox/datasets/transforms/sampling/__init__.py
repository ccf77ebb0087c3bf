"""Choosing the frames of each view."""

from vsslbox.datasets.transforms.sampling.sample_all_windows import SampleAllWindows
from vsslbox.datasets.transforms.sampling.sample_binned_frames import SampleBinnedFrames
from vsslbox.datasets.transforms.sampling.sample_centre_segment_frames import (
    SampleCentreSegmentFrames,
)
from vsslbox.datasets.transforms.sampling.sample_end_to_end_frames import SampleEndToEndFrames
from vsslbox.datasets.transforms.sampling.sample_key_frame_clip import SampleKeyFrameClip
from vsslbox.datasets.transforms.sampling.sample_random_clip import SampleRandomClip
from vsslbox.datasets.transforms.sampling.sample_random_segment_frames import (
    SampleRandomSegmentFrames,
)
from vsslbox.datasets.transforms.sampling.sample_random_window import SampleRandomWindow
from vsslbox.datasets.transforms.sampling.sample_segment_tuples import SampleSegmentTuples
from vsslbox.datasets.transforms.sampling.sample_subsequences import SampleSubsequences
from vsslbox.datasets.transforms.sampling.sample_temporal_interval import SampleTemporalInterval
from vsslbox.datasets.transforms.sampling.sample_uniform_clips import SampleUniformClips
from vsslbox.datasets.transforms.sampling.shuffle_order import ShuffleOrder

__all__ = [
    'SampleAllWindows',
    'SampleBinnedFrames',
    'SampleCentreSegmentFrames',
    'SampleEndToEndFrames',
    'SampleKeyFrameClip',
    'SampleRandomClip',
    'SampleRandomSegmentFrames',
    'SampleRandomWindow',
    'SampleSegmentTuples',
    'SampleSubsequences',
    'SampleTemporalInterval',
    'SampleUniformClips',
    'ShuffleOrder',
]
