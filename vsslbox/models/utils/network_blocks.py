"""The blocks that a network consists of."""

from collections.abc import Iterator

from torch import nn

__all__ = ['network_blocks']

_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def network_blocks(network: nn.Module) -> list[nn.Module]:
    """Return the blocks of a network, in the order of its modules.

    A block is an element of a list or sequence of modules that itself consists of modules, such as
    a residual block or a block of a transformer. What stands beside such lists and consists of
    modules too, such as the stem, is a block or a network with blocks of its own. Single layers,
    and modules around one, are no blocks.

    Returns:
        Modules with parameters, none within another one; the network itself if it has none.
    """
    return list(_blocks(network)) or [network]


def _blocks(network: nn.Module) -> Iterator[nn.Module]:
    is_container = isinstance(network, _CONTAINERS)
    for child in network.children():
        if sum(map(_is_layer, child.modules())) < 2 or next(child.parameters(), None) is None:
            continue
        if isinstance(child, nn.Sequential) and all(map(_is_layer, child)):
            yield child
        elif isinstance(child, _CONTAINERS):
            yield from _blocks(child)
        elif is_container:
            yield child
        else:
            yield from network_blocks(child)


def _is_layer(module: nn.Module) -> bool:
    return next(module.children(), None) is None
