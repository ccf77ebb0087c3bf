"""Memories of features: queues (first in, first out) and banks (one row a video)."""

from vsslbox.models.memories.base_memory import BaseMemory
from vsslbox.models.memories.feature_bank import FeatureBank
from vsslbox.models.memories.feature_queue import FeatureQueue

__all__ = ['BaseMemory', 'FeatureBank', 'FeatureQueue']
