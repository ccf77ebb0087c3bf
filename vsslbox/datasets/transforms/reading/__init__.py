"""Open, check and corrupt videos, and decode the frames of all views."""

from vsslbox.datasets.transforms.reading.check_frame_rate import CheckFrameRate
from vsslbox.datasets.transforms.reading.corrupt_video import CorruptVideo
from vsslbox.datasets.transforms.reading.decode_views import DecodeViews
from vsslbox.datasets.transforms.reading.edit_video import EditVideo
from vsslbox.datasets.transforms.reading.load_localization_feature import LoadLocalizationFeature
from vsslbox.datasets.transforms.reading.open_frames import OpenFrames
from vsslbox.datasets.transforms.reading.open_video import OpenVideo
from vsslbox.datasets.transforms.reading.require_frames import RequireFrames
from vsslbox.datasets.transforms.reading.restrict_to_bin import RestrictToBin
from vsslbox.datasets.transforms.reading.restrict_to_shot import RestrictToShot
from vsslbox.datasets.transforms.reading.restrict_to_span import RestrictToSpan

__all__ = [
    'CheckFrameRate',
    'CorruptVideo',
    'DecodeViews',
    'EditVideo',
    'LoadLocalizationFeature',
    'OpenFrames',
    'OpenVideo',
    'RequireFrames',
    'RestrictToBin',
    'RestrictToShot',
    'RestrictToSpan',
]
