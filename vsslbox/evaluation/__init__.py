"""Features of videos, and the protocols that evaluate them."""

from vsslbox.evaluation import features, functional, metrics
from vsslbox.evaluation.features import FeatureSet, FeatureStore, FeatureStoreError

__all__ = [
    'FeatureSet',
    'FeatureStore',
    'FeatureStoreError',
    'features',
    'functional',
    'metrics',
]
