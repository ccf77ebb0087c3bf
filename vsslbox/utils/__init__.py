"""Helpers that know nothing of models or data."""

from vsslbox.utils.checkpoint import (
    CheckpointError,
    LoadReport,
    checkpoints_in,
    file_sha256,
    load_checkpoint,
    load_model,
    load_state_dict,
    load_weights,
)
from vsslbox.utils.config_check import ConfigError, check_config

__all__ = [
    'CheckpointError',
    'ConfigError',
    'LoadReport',
    'check_config',
    'checkpoints_in',
    'file_sha256',
    'load_checkpoint',
    'load_model',
    'load_state_dict',
    'load_weights',
]
