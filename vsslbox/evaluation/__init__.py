"""Features of videos, and the protocols that evaluate them."""

from vsslbox.evaluation import features, functional, metrics
from vsslbox.evaluation.features import FeatureSet, FeatureStore, FeatureStoreError
from vsslbox.evaluation.figures import Comparison, Evaluated, Figure, compare_figures

__all__ = [
    'Comparison',
    'Evaluated',
    'FeatureSet',
    'FeatureStore',
    'FeatureStoreError',
    'Figure',
    'compare_figures',
    'features',
    'functional',
    'metrics',
]
