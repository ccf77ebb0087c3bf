"""Numbers of the command line."""

import argparse
from collections.abc import Callable

__all__ = ['whole_number']


def whole_number(least: int) -> Callable[[str], int]:
    """Return a type of argparse: whole numbers from ``least`` on."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f'must be a whole number from {least} on, got {text}')
        return value

    return read
