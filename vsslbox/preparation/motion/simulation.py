"""Simulations of pybullet, which only show and do not compute forces here."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

from vsslbox.utils import optional_module

__all__ = ['simulation']


@contextmanager
def simulation() -> Iterator[SimpleNamespace]:
    """Yield the functions and constants of pybullet for a new, empty simulation.

    Raises:
        ImportError: pybullet is not installed.
    """
    pybullet = optional_module('pybullet', 'motion')
    client = pybullet.connect(pybullet.DIRECT)
    own = {
        name: partial(value, physicsClientId=client) if callable(value) else value
        for name, value in vars(pybullet).items()
    }
    try:
        yield SimpleNamespace(**own)
    finally:
        pybullet.disconnect(client)
