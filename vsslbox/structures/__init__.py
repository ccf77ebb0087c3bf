"""Values that pass between the parts of the pipeline."""

from vsslbox.structures.sample_key import SampleKey
from vsslbox.structures.view import View

__all__ = ['SampleKey', 'View']
