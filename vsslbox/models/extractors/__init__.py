"""Models that read the features of a backbone: pooled, of several stages, or classified."""

from vsslbox.models.extractors.feature_extractor import FeatureExtractor
from vsslbox.models.extractors.layer_readout import LayerReadout
from vsslbox.models.extractors.tap_extractor import TapExtractor

__all__ = ['FeatureExtractor', 'LayerReadout', 'TapExtractor']
