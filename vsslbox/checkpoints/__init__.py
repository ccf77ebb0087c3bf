"""Load weights strictly, from a file or by name, and initialize models with them."""

from vsslbox.checkpoints import stock_loaders  # noqa: F401  (mmengine reads checkpoints by them)
from vsslbox.checkpoints.initializers import (
    PretrainedBackbone,
    PretrainedBank,
    PretrainedProjection,
)
from vsslbox.checkpoints.loading import (
    CheckpointError,
    LoadReport,
    load_checkpoint,
    load_model,
    load_state_dict,
    load_weights,
)
from vsslbox.checkpoints.progress import checkpoints_in

__all__ = [
    'CheckpointError',
    'LoadReport',
    'PretrainedBackbone',
    'PretrainedBank',
    'PretrainedProjection',
    'checkpoints_in',
    'load_checkpoint',
    'load_model',
    'load_state_dict',
    'load_weights',
]
