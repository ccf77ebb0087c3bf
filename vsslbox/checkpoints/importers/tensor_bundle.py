"""TensorFlow's checkpoint files, read without TensorFlow.

A checkpoint ``PREFIX`` is a TensorBundle: ``PREFIX.index``, a table of names in LevelDB's format,
gives the position of each tensor's values in ``PREFIX.data-?????-of-?????``. Both versions of
TensorFlow write it; keys in object checkpoints of version 2 end in :data:`VARIABLE_VALUE`.

Source: ``tensorflow/core/util/tensor_bundle``, ``tensorflow/core/protobuf/tensor_bundle.proto``,
``tensorflow/core/lib/io/format.cc`` (Apache-2.0), only for the format.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from vsslbox.checkpoints.loading import CheckpointError

__all__ = ['VARIABLE_VALUE', 'BundleTensor', 'TensorBundle']

VARIABLE_VALUE = '/.ATTRIBUTES/VARIABLE_VALUE'

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48  # two handles, padding and the magic number
_TRAILER = 5  # of a block: the kind of compression and a checksum
_HEADER_KEY = ''
_LONGEST_NAME = 4096
# tensorflow/core/framework/types.proto
_DTYPES = {1: '<f4', 2: '<f8', 3: '<i4', 4: '<u1', 5: '<i2', 6: '<i1', 9: '<i8', 10: '?', 19: '<f2'}


@dataclass(frozen=True)
class BundleTensor:
    """A tensor of a bundle and its position.

    Attributes:
        shape: Its shape.
        dtype: Its numpy type, or None if it is not an array of numbers (strings).
        shard: The number of the file that holds it.
        offset: Its position there, in bytes.
        size: Its length in bytes.
        checksum: The checksum of its values, masked as TensorFlow stores it.
        sliced: Whether it is stored in slices, as partitioned variables are.
    """

    shape: tuple[int, ...]
    dtype: str | None
    shard: int
    offset: int
    size: int
    checksum: int
    sliced: bool


class TensorBundle:
    """The tensors of a TensorFlow checkpoint, by name.

    All checksums are verified: those of the index at once, that of a tensor when it is read.

    Args:
        prefix: The path without ``.index``.

    Attributes:
        tensors: The tensors by name, in the order of the names.

    Raises:
        CheckpointError: It is damaged or not a checkpoint.
    """

    def __init__(self, prefix: str | PathLike) -> None:
        self.prefix = str(prefix)
        path = Path(f'{self.prefix}.index')
        if not path.is_file():
            raise CheckpointError(f'no TensorFlow checkpoint at {prefix}: {path} is missing')
        try:
            entries = dict(_table_entries(path.read_bytes()))
            header = _fields(entries.pop(_HEADER_KEY))
            big_endian, self._num_shards = _integer(header, 2), _integer(header, 1)
            self.tensors = {name: _bundle_tensor(value) for name, value in entries.items()}
        except (ValueError, LookupError, struct.error) as error:
            raise CheckpointError(f'{path} is damaged or not a checkpoint: {error}') from error
        if big_endian:
            raise CheckpointError(f'{path} is big-endian, which is not supported')

    def read(self, name: str) -> np.ndarray:
        """Return the values of a tensor, in TensorFlow's layout.

        Raises:
            CheckpointError: They are not numbers, are stored in slices, or the file is damaged.
            KeyError: There is no such tensor.
        """
        tensor = self.tensors[name]
        if tensor.dtype is None or tensor.sliced:
            what = 'not an array of numbers' if tensor.dtype is None else 'stored in slices'
            raise CheckpointError(f'{name} of {self.prefix} is {what}, which is not supported')
        path = Path(f'{self.prefix}.data-{tensor.shard:05d}-of-{self._num_shards:05d}')
        if not path.is_file():
            raise CheckpointError(f'{path} is missing beside {self.prefix}.index')
        count = math.prod(tensor.shape)
        expected = count * np.dtype(tensor.dtype).itemsize
        if tensor.size != expected or tensor.offset + expected > path.stat().st_size:
            raise CheckpointError(f'{path} is damaged or cut short: {name} is incomplete')
        values = np.fromfile(path, tensor.dtype, count, offset=tensor.offset)
        if _masked_crc32c(values) != tensor.checksum:
            raise CheckpointError(f'{path} is damaged: {name} does not match its checksum')
        return values.reshape(tensor.shape)


def _table_entries(table: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the keys and values of a table, block by block."""
    footer = table[-_FOOTER:]
    if len(footer) < _FOOTER or struct.unpack('<Q', footer[-8:])[0] != _MAGIC:
        raise ValueError('it does not end as a table does')
    position = 0
    handle = []
    for _ in range(4):  # offset and size of the metadata block, then of the index block
        number, position = _varint(footer, position)
        handle.append(number)
    end = 0
    for _, data_handle in _block_entries(_block(table, *handle[2:])):
        offset, position = _varint(data_handle, 0)
        size, _ = _varint(data_handle, position)
        if offset < end:  # otherwise a small file could hold any number of entries
            raise ValueError('its blocks overlap')
        end = offset + size
        for key, value in _block_entries(_block(table, offset, size)):
            yield key.decode(), value


def _block(table: bytes, offset: int, size: int) -> bytes:
    block = table[offset : offset + size + _TRAILER]
    if len(block) < size + _TRAILER:
        raise ValueError('a block is cut short')
    compression, checksum = struct.unpack('<BI', block[size:])
    if compression != 0:
        raise ValueError('its blocks are compressed, which TensorFlow does not do by default')
    if _masked_crc32c(block[: size + 1]) != checksum:
        raise ValueError('a block does not match its checksum')
    return block[:size]


def _block_entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a block; each key shares a prefix with the one before."""
    (num_restarts,) = struct.unpack('<I', block[-4:])
    end = len(block) - 4 * (num_restarts + 1)
    position = 0
    key = b''
    while position < end:
        shared, position = _varint(block, position)
        unshared, position = _varint(block, position)
        length, position = _varint(block, position)
        if shared + unshared > _LONGEST_NAME:  # each entry could repeat it
            raise ValueError('a name is too long')
        key = key[:shared] + block[position : position + unshared]
        position += unshared
        yield key, block[position : position + length]
        position += length


def _bundle_tensor(entry: bytes) -> BundleTensor:
    """Decode a ``BundleEntryProto``."""
    fields = _fields(entry)
    shape = _fields(fields.get(2, [b''])[0])
    return BundleTensor(
        shape=tuple(_integer(_fields(dim), 1) for dim in shape.get(2, [])),
        dtype=_DTYPES.get(_integer(fields, 1)),
        shard=_integer(fields, 3),
        offset=_integer(fields, 4),
        size=_integer(fields, 5),
        checksum=_integer(fields, 6),
        sliced=7 in fields,
    )


def _integer(fields: dict[int, list], number: int) -> int:
    """Return an integer field, 0 if it is absent."""
    value = fields.get(number, [0])[0]
    if not isinstance(value, int):
        raise ValueError('an entry has text instead of a number')
    return value


def _fields(message: bytes) -> dict[int, list]:
    """Return the fields of a protocol buffer by number: integers, and bytes of nested messages."""
    if not isinstance(message, bytes):
        raise ValueError('an entry has a number instead of a message')
    found: dict[int, list] = {}
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        value: int | bytes
        if kind == 0:
            value, position = _varint(message, position)
        elif kind == 2:
            length, start = _varint(message, position)
            position = start + length
            value = message[start:position]
        elif kind in (1, 5):
            start, position = position, position + (8 if kind == 1 else 4)
            value = int.from_bytes(message[start:position], 'little')
        else:
            raise ValueError('an entry is not a protocol buffer')
        found.setdefault(tag >> 3, []).append(value)
    return found


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """Return an integer of seven bits a byte, the lowest first, and the position behind it."""
    value = 0
    for shift in range(0, 64, 7):
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError('a number is too long')


def _masked_crc32c(data: bytes | np.ndarray) -> int:
    """Compute CRC-32C (Castagnoli), rotated and shifted as TensorFlow stores it.

    Chunks of equal length run side by side, each through a register that starts at zero. Since a
    step is linear in bits, the register before a chunk is added afterwards: as the sum of its bits,
    each advanced by the length of a chunk.
    """
    values = np.frombuffer(data, np.uint8)
    length = max(math.isqrt(len(values)), 1)
    first = len(values) % length
    crc = np.uint32(0xFFFFFFFF)
    for byte in values[:first]:
        crc = _next_crc(crc, byte)
    chunks = values[first:].reshape(-1, length)
    bits = advanced = np.uint32(1) << np.arange(32, dtype=np.uint32)
    registers = np.zeros(len(chunks), np.uint32)
    for column in np.ascontiguousarray(chunks.T):
        registers = _next_crc(registers, column)
        advanced = _next_crc(advanced, np.uint8(0))
    for register in registers:
        crc = np.bitwise_xor.reduce(advanced[crc & bits != 0]) ^ register
    whole = int(crc) ^ 0xFFFFFFFF
    return (((whole >> 15) | (whole << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _next_crc(crc: Any, byte: Any) -> Any:
    """Return the registers after one more byte each."""
    return _CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)


def _crc_of_byte(crc: int) -> int:
    for _ in range(8):
        crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc


_CRC_TABLE = np.array([_crc_of_byte(byte) for byte in range(256)], np.uint32)
