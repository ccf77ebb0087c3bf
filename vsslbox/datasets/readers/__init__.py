"""Decoders with one interface."""

from vsslbox.datasets.readers.array_reader import ArrayReader
from vsslbox.datasets.readers.base_reader import BaseReader, VideoError
from vsslbox.datasets.readers.decord_reader import DecordReader
from vsslbox.datasets.readers.fallback_reader import FallbackReader
from vsslbox.datasets.readers.frame_range_reader import FrameRangeReader
from vsslbox.datasets.readers.frames_reader import FramesReader
from vsslbox.datasets.readers.image_reader import ImageReader
from vsslbox.datasets.readers.limits import TooLargeError
from vsslbox.datasets.readers.npz_reader import NpzReader
from vsslbox.datasets.readers.pyav_reader import PyAVReader
from vsslbox.datasets.readers.reading_notes import ReadingNotes, finish_reading, start_reading
from vsslbox.datasets.readers.torchcodec_reader import TorchCodecReader
from vsslbox.datasets.readers.video_source import FileRange, VideoSource
from vsslbox.datasets.readers.zip_reader import ZipReader

__all__ = [
    'ArrayReader',
    'BaseReader',
    'DecordReader',
    'FallbackReader',
    'FileRange',
    'FrameRangeReader',
    'FramesReader',
    'ImageReader',
    'NpzReader',
    'PyAVReader',
    'ReadingNotes',
    'TooLargeError',
    'TorchCodecReader',
    'VideoError',
    'VideoSource',
    'ZipReader',
    'finish_reading',
    'start_reading',
]
