"""What a backbone is worth."""

from vsslbox.evaluation import functional, metrics
from vsslbox.evaluation.feature_set import FeatureSet

__all__ = ['FeatureSet', 'functional', 'metrics']
