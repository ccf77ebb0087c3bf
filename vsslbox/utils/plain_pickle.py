"""Pickles of plain data, read without running code from them."""

import pickle
from collections.abc import Callable
from os import PathLike
from typing import Any, Literal, NoReturn

import numpy as np

from vsslbox.errors import InputError

__all__ = ['load_plain_pickle']

# NumPy's class stands in a pickle only as an argument of the functions below: a text does.
_ARRAY = 'ndarray'


def load_plain_pickle(path: str | PathLike) -> Any:
    """Read a pickle of dicts, lists, tuples, texts, numbers and NumPy arrays of numbers.

    A pickle names the functions that rebuild its objects, and so can run anything. Here the few
    names that plain data needs stand for functions of this file, and all others are refused.

    Raises:
        InputError: The file names something else, or is damaged or not a pickle.
    """
    with open(path, 'rb') as file:
        try:
            return _PlainUnpickler(file).load()
        except _RefusedError as error:
            raise InputError(
                f'{path} is refused because it holds {error}: it may hold only dicts, lists, '
                'texts, numbers and NumPy arrays of numbers, since a pickle can run code'
            ) from None
        except Exception as error:  # damaged files raise errors of many kinds
            reason = str(error) or type(error).__name__
            raise InputError(f'{path} is damaged or not a pickle: {reason}') from error


class _RefusedError(Exception):
    """A name in a pickle that plain data does not need."""


class _PlainUnpickler(pickle.Unpickler):
    """Gives a pickle bound methods, whose code it cannot change, instead of what it names."""

    def find_class(self, module: str, name: str) -> Callable | str:
        """Return what stands for a name in a pickle.

        Raises:
            _RefusedError: Plain data does not need it.
        """
        known: dict[str, Callable | str] = {
            'numpy.ndarray': _ARRAY,
            'numpy.dtype': self._kind,
            # NumPy 1 calls its private package `core`, NumPy 2 `_core`.
            'numpy._core.multiarray._reconstruct': self._empty_array,
            'numpy._core.multiarray.scalar': self._number,
            'numpy._core.numeric._frombuffer': self._array,
            '_codecs.encode': self._bytes,
            'builtins.bytes': self._no_bytes,
            '__builtin__.bytes': self._no_bytes,
        }
        key = f'{module}.{name}'
        found = known.get(key.replace('numpy.core.', 'numpy._core.', 1))
        if found is None:
            raise _RefusedError(key)
        return found

    def persistent_load(self, pid: Any) -> NoReturn:
        """Refuse objects that are kept elsewhere."""
        raise _RefusedError(f'an object kept elsewhere ({pid!r})')

    def _kind(self, name: str, *_: bool) -> np.dtype:
        """Return a type of numbers; its byte order follows as its state."""
        kind = np.dtype(str(name), copy=True)  # the state of NumPy's own types cannot be set
        if kind.kind not in 'biuf':
            raise _RefusedError(f'NumPy values of the type {kind}')
        return kind

    def _empty_array(self, _: str, shape: tuple, __: bytes) -> np.ndarray:
        """Return the array whose shape, type and values follow as its state."""
        if shape != (0,):
            raise _RefusedError(f'an array of the shape {shape} without values')
        return np.empty(shape, np.int8)

    def _number(self, kind: np.dtype, content: bytes) -> np.generic:
        """Return a number of NumPy."""
        return np.frombuffer(content, kind, count=1)[0]

    def _array(
        self, content: bytes, kind: np.dtype, shape: tuple, order: Literal['C', 'F']
    ) -> np.ndarray:
        """Return an array, as protocol 5 stores it."""
        return np.frombuffer(content, kind).reshape(shape, order=order)

    def _bytes(self, text: str, encoding: str) -> bytes:
        """Return bytes, as protocols that lack them store an array's."""
        if encoding != 'latin1':  # some codecs unpack
            raise _RefusedError(f'bytes in the encoding {encoding!r}')
        return text.encode(encoding)

    def _no_bytes(self) -> bytes:
        """Return no bytes, as these protocols store them."""
        return b''
