"""Activations that are computed again in the backward pass instead of kept."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

__all__ = ['recompute']


def recompute(function: Callable, module: nn.Module, *args: Any, **kwargs: Any) -> Any:
    """Call a function now, and again in the backward pass, which needs its activations.

    Random draws are repeated. Buffers, such as the running statistics of BatchNorm, change once.

    Args:
        function: What computes.
        module: The module whose buffers it may change.
        args: Arguments of the function.
        kwargs: Others.
    """
    if not torch.is_grad_enabled():
        return function(*args, **kwargs)
    if torch.compiler.is_compiling():  # a compiled pass changes no buffer twice
        return checkpoint(function, *args, use_reentrant=False, **kwargs)
    contexts = partial(_contexts, module)
    return checkpoint(function, *args, use_reentrant=False, context_fn=contexts, **kwargs)


def _contexts(module: nn.Module) -> tuple[AbstractContextManager, AbstractContextManager]:
    return nullcontext(), _steady_buffers(module)


@contextmanager
def _steady_buffers(module: nn.Module) -> Iterator[None]:
    """Let a module change copies of its buffers."""
    buffers = [(m, *named) for m in module.modules() for named in m.named_buffers(recurse=False)]
    for owner, name, buffer in buffers:
        setattr(owner, name, buffer.clone())
    try:
        yield
    finally:
        for owner, name, buffer in buffers:
            setattr(owner, name, buffer)
