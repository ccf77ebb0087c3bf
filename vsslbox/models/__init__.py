"""Models and their parts."""

from vsslbox.models import (
    backbones,
    data_preprocessors,
    detectors,
    heads,
    localizers,
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
    'detectors',
    'heads',
    'localizers',
    'losses',
    'memories',
    'necks',
    'recognizers',
    'selfsup',
    'utils',
]
