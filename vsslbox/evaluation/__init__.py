"""What a backbone is worth."""

from vsslbox.evaluation import functional, metrics
from vsslbox.evaluation.feature_set import FeatureSet
from vsslbox.evaluation.feature_store import FeatureStore, FeatureStoreError

__all__ = ['FeatureSet', 'FeatureStore', 'FeatureStoreError', 'functional', 'metrics']
