"""Corruptions of videos at five severities."""

from vsslbox.datasets.corruptions.corrupted_reader import CorruptedReader
from vsslbox.datasets.corruptions.kinds import CORRUPTIONS

__all__ = ['CORRUPTIONS', 'CorruptedReader']
