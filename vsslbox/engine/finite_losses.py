"""Losses and gradients that are not finite are refused before they reach the weights."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from mmengine.logging import MessageHub
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from vsslbox.engine.sharding import whole
from vsslbox.errors import VSSLBoxError
from vsslbox.utils import unwrap_model

__all__ = [
    'NonFiniteGradientError',
    'NonFiniteLossError',
    'finite_gradients',
    'finite_losses',
    'sample_names',
]

# The fields that identify a sample, the best first: its place in the list, or a name.
_NAMES = ('index', 'filename', 'frame_dir', 'img_key', 'video_name')


class NonFiniteLossError(VSSLBoxError, FloatingPointError):
    """A loss is NaN or infinite; it has not changed the weights."""


class NonFiniteGradientError(VSSLBoxError, FloatingPointError):
    """A gradient is NaN or infinite; it has not changed the weights."""


def sample_names(batch: Any) -> list:
    """Return what identifies the samples of a batch: their places in the list, or names."""
    samples = batch.get('data_samples') if isinstance(batch, Mapping) else None
    return [
        next((sample.get(name) for name in _NAMES if name in sample), '?')
        for sample in samples or ()
    ]


@contextmanager
def finite_losses(model: nn.Module, batch: dict) -> Iterator[None]:
    """Refuse losses of a batch that are not finite, before their gradients are computed.

    mmengine's training steps, and those of its wrappers, sum a model's losses by its
    ``parse_losses``; this context adds a check of the sum.

    Args:
        model: The model, wrapped or not.
        batch: The samples, for the message.

    Raises:
        NonFiniteLossError: The loss is NaN or infinite.
    """
    model: BaseModel = unwrap_model(model)
    parse_losses = model.parse_losses

    def parse_finite_losses(losses: dict) -> tuple[Tensor, dict[str, Tensor]]:
        total, values = parse_losses(losses)
        if not total.isfinite():
            named = ', '.join(f'{name} {value:g}' for name, value in values.items())
            raise NonFiniteLossError(
                f'the loss is not finite ({named}); the weights were not updated. Samples of the '
                f'batch, by index or name: {sample_names(batch)}'
            )
        return total, values

    model.parse_losses = parse_finite_losses
    try:
        yield
    finally:
        del model.parse_losses


@contextmanager
def finite_gradients(
    optim_wrapper: OptimWrapper | OptimWrapperDict, model: nn.Module, samples: list
) -> Iterator[None]:
    """Refuse a step of the optimizer with gradients that are not finite.

    Gradients can be so although the loss is finite: the derivative of a root at zero is infinite.
    They are checked after they were averaged over the processes, scaled back and clipped. Loss
    scaling for half precision (``AmpOptimWrapper``) makes them overflow now and then and skips the
    step itself, so that they are not seen here. Their norm is logged as ``grad_norm``.

    Args:
        optim_wrapper: The optimizer, or several.
        model: The model, for the names of its parameters.
        samples: The names of the samples whose gradients are in the step, for the message.

    Raises:
        NonFiniteGradientError: A gradient has a NaN or infinite value.
    """
    several = isinstance(optim_wrapper, OptimWrapperDict)
    wrappers = list(optim_wrapper.values()) if several else [optim_wrapper]
    with ExitStack() as hooks:
        for wrapper in wrappers:
            # A wrapper that clips gradients logs their norm itself, before clipping.
            log_norm = not several and not wrapper.clip_grad_kwargs
            check = _gradient_check(unwrap_model(model), samples, log_norm)
            hooks.callback(wrapper.optimizer.register_step_pre_hook(check).remove)
        yield


def _gradient_check(model: nn.Module, samples: list, log_norm: bool) -> Callable[..., None]:
    def check(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        parameters = [p for group in optimizer.param_groups for p in group['params']]
        gradients = [p.grad for p in parameters if p.grad is not None]
        norm = whole(get_total_norm(gradients))
        if norm.isfinite():  # far cheaper than looking at every value
            if log_norm:
                MessageHub.get_current_instance().update_scalar('train/grad_norm', norm)
            return
        names = {parameter: name for name, parameter in model.named_parameters()}
        bad = [
            names.get(p, '?')
            for p in parameters
            if p.grad is not None and not whole(p.grad.isfinite().all())
        ]
        if bad:
            more = f' and {len(bad) - 3} more' if len(bad) > 3 else ''
            raise NonFiniteGradientError(
                f'gradients are not finite although the loss is ({", ".join(bad[:3])}{more}); the '
                f'weights were not updated. Samples of the step, by index or name: {samples}'
            )

    return check
