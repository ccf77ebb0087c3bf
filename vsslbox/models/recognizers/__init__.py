"""Backbones put to use."""

from vsslbox.models.recognizers.feature_extractor import FeatureExtractor

__all__ = ['FeatureExtractor']
