"""Models and their parts."""

from vsslbox.models import (
    backbones,
    data_preprocessors,
    heads,
    losses,
    memories,
    necks,
    recognizers,
    selfsup,
    utils,
)

__all__ = [
    'backbones',
    'data_preprocessors',
    'heads',
    'losses',
    'memories',
    'necks',
    'recognizers',
    'selfsup',
    'utils',
]
