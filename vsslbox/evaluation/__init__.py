"""Features of videos, and the protocols that evaluate them."""

from vsslbox.evaluation import features, functional, metrics
from vsslbox.evaluation.features import FeatureSet, FeatureStore, FeatureStoreError
from vsslbox.evaluation.figures import Comparison, Evaluated, Figure, compare_figures
from vsslbox.evaluation.standings import Pair, Standing, Standings, compare_methods

__all__ = [
    'Comparison',
    'Evaluated',
    'FeatureSet',
    'FeatureStore',
    'FeatureStoreError',
    'Figure',
    'Pair',
    'Standing',
    'Standings',
    'compare_figures',
    'compare_methods',
    'features',
    'functional',
    'metrics',
]
