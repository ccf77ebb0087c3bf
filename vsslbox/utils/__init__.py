"""Small functions that know nothing of models, data or configs."""

from vsslbox.utils.file_hash import file_sha256
from vsslbox.utils.unwrap_model import unwrap_model

__all__ = ['file_sha256', 'unwrap_model']
