"""Models and their parts."""

from vsslbox.models import (
    backbones,
    data_preprocessors,
    detectors,
    extractors,
    heads,
    localizers,
    losses,
    memories,
    necks,
    selfsup,
    utils,
)

__all__ = [
    'backbones',
    'data_preprocessors',
    'detectors',
    'extractors',
    'heads',
    'localizers',
    'losses',
    'memories',
    'necks',
    'selfsup',
    'utils',
]
