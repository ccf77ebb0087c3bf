"""Backbones put to use."""

from vsslbox.models.recognizers.feature_extractor import FeatureExtractor
from vsslbox.models.recognizers.layer_readout import LayerReadout

__all__ = ['FeatureExtractor', 'LayerReadout']
