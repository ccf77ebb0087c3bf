"""Choosing the frames of each view."""

from vsslbox.datasets.transforms.sampling.sample_all_windows import SampleAllWindows
from vsslbox.datasets.transforms.sampling.sample_binned_frames import SampleBinnedFrames
from vsslbox.datasets.transforms.sampling.sample_centre_segment_frames import (
    SampleCentreSegmentFrames,
)
from vsslbox.datasets.transforms.sampling.sample_clip_at_rate import SampleClipAtRate
from vsslbox.datasets.transforms.sampling.sample_clip_pair import SampleClipPair
from vsslbox.datasets.transforms.sampling.sample_end_to_end_frames import SampleEndToEndFrames
from vsslbox.datasets.transforms.sampling.sample_frame_triples import SampleFrameTriples
from vsslbox.datasets.transforms.sampling.sample_halves import SampleHalves
from vsslbox.datasets.transforms.sampling.sample_key_frame_clip import SampleKeyFrameClip
from vsslbox.datasets.transforms.sampling.sample_random_clip import SampleRandomClip
from vsslbox.datasets.transforms.sampling.sample_random_frames import SampleRandomFrames
from vsslbox.datasets.transforms.sampling.sample_random_pace import SampleRandomPace
from vsslbox.datasets.transforms.sampling.sample_random_segment_frames import (
    SampleRandomSegmentFrames,
)
from vsslbox.datasets.transforms.sampling.sample_random_spans import SampleRandomSpans
from vsslbox.datasets.transforms.sampling.sample_random_window import SampleRandomWindow
from vsslbox.datasets.transforms.sampling.sample_segment_tuples import SampleSegmentTuples
from vsslbox.datasets.transforms.sampling.sample_shuffled_clips import SampleShuffledClips
from vsslbox.datasets.transforms.sampling.sample_subsequences import SampleSubsequences
from vsslbox.datasets.transforms.sampling.sample_temporal_interval import SampleTemporalInterval
from vsslbox.datasets.transforms.sampling.sample_together import SampleTogether
from vsslbox.datasets.transforms.sampling.sample_uniform_clips import SampleUniformClips
from vsslbox.datasets.transforms.sampling.sample_uniform_spans import SampleUniformSpans
from vsslbox.datasets.transforms.sampling.shuffle_order import ShuffleOrder

__all__ = [
    'SampleAllWindows',
    'SampleBinnedFrames',
    'SampleCentreSegmentFrames',
    'SampleClipAtRate',
    'SampleClipPair',
    'SampleEndToEndFrames',
    'SampleFrameTriples',
    'SampleHalves',
    'SampleKeyFrameClip',
    'SampleRandomClip',
    'SampleRandomFrames',
    'SampleRandomPace',
    'SampleRandomSegmentFrames',
    'SampleRandomSpans',
    'SampleRandomWindow',
    'SampleSegmentTuples',
    'SampleShuffledClips',
    'SampleSubsequences',
    'SampleTemporalInterval',
    'SampleTogether',
    'SampleUniformClips',
    'SampleUniformSpans',
    'ShuffleOrder',
]
