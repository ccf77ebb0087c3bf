"""What happens to a batch on the model's device before the model sees it."""

from vsslbox.models.data_preprocessors.views_preprocessor import ViewsPreprocessor

__all__ = ['ViewsPreprocessor']
