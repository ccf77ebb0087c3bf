"""Networks compiled by torch, in place."""

from torch import nn

from vsslbox.compat import prepare_compilation
from vsslbox.errors import InputError
from vsslbox.models.utils import TransformerBlock

__all__ = ['compile_networks']

# The attributes of a model that hold its networks, online and averaged.
_NETWORKS = ('backbone', 'momentum_backbone')


def compile_networks(model: nn.Module, options: bool | dict) -> list[nn.Module]:
    """Let torch compile the networks of a model when they are first called, in place.

    Blocks of transformers are compiled one by one, wherever the model has them: they share a graph,
    and methods that encode some of the tokens profit too. A backbone without such blocks is
    compiled as a whole. The names of the model's tensors do not change; copies of the model are not
    compiled.

    Args:
        model: The model.
        options: Arguments of ``torch.compile``, such as ``dict(mode='max-autotune')``; True for
            torch's defaults, False to compile nothing.

    Returns:
        The modules that are compiled.

    Raises:
        InputError: ``options`` are neither, or there is nothing to compile.
    """
    if options is False:
        return []
    if options is not True and not isinstance(options, dict):
        raise InputError(
            f'`compile` must be True, False or a dict of arguments of torch.compile, got '
            f'{options!r}'
        )
    networks = [getattr(model, name) for name in _NETWORKS if hasattr(model, name)]
    parts = [module for module in model.modules() if isinstance(module, TransformerBlock)]
    parts += [network for network in networks if not _has_blocks(network)]
    if not parts:
        raise InputError(
            f'`compile` compiles transformer blocks and `backbone`; {type(model).__name__} has none'
        )
    prepare_compilation()
    for part in parts:
        part.compile(**({} if options is True else options))
    return parts


def _has_blocks(network: nn.Module) -> bool:
    return any(isinstance(module, TransformerBlock) for module in network.modules())
