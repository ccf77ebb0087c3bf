"""Preparing a batch on the model's device."""

from vsslbox.models.data_preprocessors.views_preprocessor import ViewsPreprocessor

__all__ = ['ViewsPreprocessor']
