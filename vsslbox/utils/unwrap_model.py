"""The model inside its wrapper for distributed training."""

from mmengine.model import is_model_wrapper
from torch import nn

__all__ = ['unwrap_model']


def unwrap_model(model: nn.Module) -> nn.Module:
    """Return the model itself, whether or not it is wrapped for distributed training."""
    return model.get_submodule('module') if is_model_wrapper(model) else model
