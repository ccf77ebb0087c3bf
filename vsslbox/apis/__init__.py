"""What tools and notebooks call."""

from vsslbox.apis.checkpoint import (
    CheckpointError,
    LoadReport,
    file_sha256,
    load_checkpoint,
    load_model,
    load_state_dict,
    load_weights,
)

__all__ = [
    'CheckpointError',
    'LoadReport',
    'file_sha256',
    'load_checkpoint',
    'load_model',
    'load_state_dict',
    'load_weights',
]
