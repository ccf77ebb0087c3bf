"""The shared base of the samplers."""

import inspect

from mmcv.transforms import BaseTransform

from vsslbox.errors import InputError

__all__ = ['BaseSampler', 'check_counts']


def check_counts(**counts: int) -> None:
    """Check that arguments, given by name, are at least 1.

    Raises:
        InputError: One is not.
    """
    for name, count in counts.items():
        if count < 1:
            raise InputError(f'{name} must be at least 1, got {count}')


class BaseSampler(BaseTransform):
    """A transform that chooses the frames of each view.

    A subclass stores each argument of its ``__init__`` in the attribute of that name, and draws
    random numbers from ``results['rng']`` alone.

    Required keys: ``total_frames``, ``rng``. Added: ``views``.
    """

    def __repr__(self) -> str:
        names = inspect.signature(type(self)).parameters
        shown = ', '.join(f'{name}={getattr(self, name)!r}' for name in names)
        return f'{type(self).__name__}({shown})'
