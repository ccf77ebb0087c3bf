"""Models that read the features of a backbone, and the features that these are compared with."""

from vsslbox.models.extractors.attentive_readout import AttentiveReadout
from vsslbox.models.extractors.clip_histograms import colour_histogram, motion_histogram
from vsslbox.models.extractors.feature_extractor import FeatureExtractor
from vsslbox.models.extractors.frozen_readout import FrozenReadout
from vsslbox.models.extractors.layer_readout import LayerReadout
from vsslbox.models.extractors.reference_features import ReferenceFeatures
from vsslbox.models.extractors.tap_extractor import TapExtractor

__all__ = [
    'AttentiveReadout',
    'FeatureExtractor',
    'FrozenReadout',
    'LayerReadout',
    'ReferenceFeatures',
    'TapExtractor',
    'colour_histogram',
    'motion_histogram',
]
