"""Backbones put to use."""

from vsslbox.models.recognizers.feature_extractor import FeatureExtractor
from vsslbox.models.recognizers.layer_readout import LayerReadout
from vsslbox.models.recognizers.tap_extractor import TapExtractor

__all__ = ['FeatureExtractor', 'LayerReadout', 'TapExtractor']
