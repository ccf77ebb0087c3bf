"""Packages that only some commands need."""

from importlib import import_module
from types import ModuleType

__all__ = ['optional_module']


def optional_module(name: str, extra: str) -> ModuleType:
    """Import a module of an optional package.

    Args:
        name: The module.
        extra: The extra of vsslbox that brings the package.

    Raises:
        ImportError: It is not installed; the message says how to install it.
    """
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition('.')[0]
        raise ImportError(
            f"this needs the package {package}: pip install 'vsslbox[{extra}]' ({error})"
        ) from None
