"""Features: extracting them, keeping them on disk, and reading them back."""

from vsslbox.evaluation.features.feature_set import FeatureSet
from vsslbox.evaluation.features.feature_store import FeatureStore, FeatureStoreError

__all__ = ['FeatureSet', 'FeatureStore', 'FeatureStoreError']
