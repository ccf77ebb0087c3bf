"""Blocks whose activations are computed again in the backward pass."""

from collections.abc import Sequence
from typing import Any

from torch import nn

from vsslbox.errors import InputError
from vsslbox.models.memories import BaseMemory
from vsslbox.models.utils import network_blocks, recompute

__all__ = ['checkpoint_activations']


def checkpoint_activations(model: nn.Module, names: str | Sequence[str]) -> list[nn.Module]:
    """Let a model compute the activations of blocks again in the backward pass, in place.

    Between the passes only the inputs of the blocks are kept. Losses, gradients, random draws and
    running statistics are those of the model as it was, and so are the names of its tensors. Blocks
    with an option ``with_cp`` of their own, and networks with one for them, have it switched off.

    mmengine's function of the same purpose needs an input with gradients, without which it loses
    those of the parameters, and no keyword arguments.

    Args:
        model: The model.
        names: A module of the model or several, such as ``'backbone'``, whose blocks
            (:func:`network_blocks`) are meant.

    Returns:
        The blocks.

    Raises:
        InputError: There is no such module, or it holds a memory, which must not change twice.
    """
    names = [names] if isinstance(names, str) else names
    blocks = {block: name for name in names for block in network_blocks(_module(model, name))}
    for block, name in blocks.items():
        if any(isinstance(module, BaseMemory) for module in block.modules()):
            raise InputError(
                f'`activation_checkpointing` names {name!r}, which stages features in a memory and '
                'cannot be computed twice: name networks only, such as `backbone`'
            )
    for module in model.modules():
        inner = set(module.modules())
        if getattr(module, 'with_cp', False) and not inner.isdisjoint(blocks):
            module.with_cp = False
    for block in blocks:
        for module in block.modules():
            if getattr(module, 'with_cp', False):
                module.with_cp = False
        kind = type(block)
        block.__class__ = type(kind.__name__, (_Recomputed, kind), {})
    return list(blocks)


def _module(model: nn.Module, name: str) -> nn.Module:
    try:
        return model.get_submodule(name)
    except AttributeError:
        known = ', '.join(child for child, _ in model.named_children())
        raise InputError(
            f'`activation_checkpointing` names {name!r}, which {type(model).__name__} does not '
            f'have: name modules of it, which has {known}'
        ) from None


class _Recomputed:
    """What a block inherits from, before its own class."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return recompute(super().forward, self, *args, **kwargs)
