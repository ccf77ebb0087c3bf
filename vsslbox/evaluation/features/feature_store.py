"""Features on disk, which a killed run resumes from."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.dist import barrier, get_rank, is_main_process
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.utils import whole_file

__all__ = ['FeatureStore', 'FeatureStoreError']

# The number of float32 features of a video, or the type and the shape of its tokens.
Size = int | dict[str, Any]


class FeatureStoreError(InputError):
    """A folder whose features are of another origin or incomplete."""


class FeatureStore:
    """A folder with one array a tap, ``TAP.npy``, in the order of the list.

    Features are float32 ``[N, F]``, tokens ``[N, L, D]`` of their own type. ``features.json`` holds
    their origin, and the sizes of the taps once they are complete. Until then every process appends
    rows to a file of its own, ``rows-RANK.part``: a line with the sizes of the taps, then for each
    video its index and the features of all taps. An incomplete row, left by a kill, is cut off.
    :meth:`finish` sorts the rows into the arrays, which get their names only when they are
    complete.

    All processes must see the folder, and create the store together.

    Args:
        folder: The folder, which need not exist.
        origin: Everything that the features depend on, as JSON.
        num_videos: N.
        max_gib: The most GiB that the arrays may take; None for no limit.

    Raises:
        FeatureStoreError: The folder has features of another origin.
    """

    def __init__(
        self,
        folder: str | Path,
        origin: dict,
        num_videos: int,
        max_gib: float | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.origin = json.loads(json.dumps(origin))
        self.num_videos = num_videos
        self.max_gib = max_gib
        self.sizes: dict[str, Size] = {}
        self._info = self.folder / 'features.json'
        if self._info.is_file():
            self._check(json.loads(self._info.read_text(encoding='utf-8')))
        barrier()
        if is_main_process() and not self._info.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._write_info()
        barrier()

    @property
    def is_complete(self) -> bool:
        """Whether all arrays are there."""
        return bool(self.sizes)

    def done(self) -> set[int]:
        """Return the indices of the videos whose rows are on disk, by any process."""
        return {int(index) for part in self._parts() for index in part.rows['index']}

    def append(self, indices: Sequence[int], features: dict[str, Tensor]) -> None:
        """Write the features of some videos to disk; they survive a kill once this returns.

        Args:
            indices: The videos' places in the list, ``[B]``.
            features: float32 ``[B, F]`` or tokens ``[B, L, D]``, by tap.

        Raises:
            FeatureStoreError: They have another size than those of other videos, or all of them
                take too much room.
        """
        sizes = {tap: _size(rows) for tap, rows in features.items()}
        rows = np.empty(len(indices), _row_type(sizes))
        rows['index'] = indices
        for tap, own in features.items():
            rows[_field(tap)] = own.numpy()
        path = self.folder / f'rows-{get_rank():03d}.part'
        whole = _Part.read(path)
        if not whole.sizes:
            self._check_room(rows.dtype)
        _check_sizes(sizes, whole.sizes or sizes, self.folder)
        with open(path, 'ab') as file:
            file.truncate(whole.offset + whole.rows.nbytes)
            if not whole.sizes:
                file.write(json.dumps(sizes).encode() + b'\n')
            file.write(rows.tobytes())
            file.flush()
            os.fsync(file.fileno())

    def finish(self) -> None:
        """Sort the rows of all processes into arrays.

        Raises:
            FeatureStoreError: Videos are missing.
        """
        barrier()
        missing = self.num_videos - len(self.done())
        if missing:
            raise FeatureStoreError(
                f'{self.folder} lacks the features of {missing} of {self.num_videos} videos: does '
                'the data loader drop some (`drop_last`), or did another run write here at the '
                'same time? In that case run the command again'
            )
        barrier()
        if is_main_process():
            parts = self._parts()
            self.sizes = parts[0].sizes
            for part in parts:
                _check_sizes(part.sizes, self.sizes, self.folder)
            self._write_arrays([part.rows for part in parts])
            self._write_info()
            for path in self.folder.glob('rows-*.part'):
                path.unlink()
        barrier()
        self._check(json.loads(self._info.read_text(encoding='utf-8')))

    def read(self) -> dict[str, Tensor]:
        """Return the arrays by tap, memory-mapped; writing to them changes no file.

        Raises:
            FeatureStoreError: A file is missing, damaged or another array.
        """
        return {tap: torch.from_numpy(self._array(tap)) for tap in self.sizes}

    def _array(self, tap: str) -> np.ndarray:
        path = self.folder / f'{tap}.npy'
        dtype, size = _dtype_and_shape(self.sizes[tap])
        shape = self.num_videos, *size
        advice = f'delete {self.folder}, and the features are extracted again'
        try:
            array = np.load(path, mmap_mode='c', allow_pickle=False)
        except (OSError, ValueError) as error:
            raise FeatureStoreError(f'{path} is damaged ({error}): {advice}') from error
        if array.dtype != dtype or array.shape != shape:
            raise FeatureStoreError(
                f'{path} is {array.dtype} {list(array.shape)}, not {dtype} {list(shape)}: {advice}'
            )
        return array

    def _check(self, info: dict) -> None:
        names = sorted(set(info['origin']) | set(self.origin))
        other = [name for name in names if info['origin'].get(name) != self.origin.get(name)]
        if other:
            raise FeatureStoreError(
                f'{self.folder} has features of another origin: {", ".join(other)} '
                f'{"differs" if len(other) == 1 else "differ"} (see {self._info}). Name another '
                'folder, or delete this one'
            )
        self.sizes = info['sizes']

    def _check_room(self, row_type: np.dtype) -> None:
        """Refuse features that are too large, before the first of them is written."""
        needed = self.num_videos * row_type.itemsize / 2**30
        advice = 'take fewer or smaller clips, or fewer videos'
        if self.max_gib is not None and needed > self.max_gib:
            raise FeatureStoreError(
                f'the features and tokens of {self.num_videos} videos take {needed:.3g} GiB in '
                f'{self.folder}, more than the limit of {self.max_gib:g} GiB '
                f'(`test_cfg.max_token_gib`): raise it, or {advice}'
            )
        free = shutil.disk_usage(self.folder).free / 2**30
        if 2 * needed > free:  # rows, and then the arrays
            raise FeatureStoreError(
                f'the features of {self.num_videos} videos take {2 * needed:.3g} GiB in '
                f'{self.folder} until they are sorted, but {free:.3g} GiB are free: make room, or '
                f'{advice}'
            )

    def _write_info(self) -> None:
        info = dict(origin=self.origin, videos=self.num_videos, sizes=self.sizes)
        with whole_file(self._info) as unfinished:
            unfinished.write_text(json.dumps(info, indent=2) + '\n', encoding='utf-8')

    def _write_arrays(self, parts: list[np.ndarray]) -> None:
        for tap, size in self.sizes.items():
            dtype, shape = _dtype_and_shape(size)
            with whole_file(self.folder / f'{tap}.npy') as unfinished:
                shape = self.num_videos, *shape
                array = np.lib.format.open_memmap(unfinished, 'w+', dtype, shape)
                for rows in reversed(parts):  # of a video's several rows the first process's stays
                    array[rows['index']] = rows[_field(tap)]
                array.flush()

    def _parts(self) -> 'list[_Part]':
        parts = [_Part.read(path) for path in sorted(self.folder.glob('rows-*.part'))]
        return [part for part in parts if len(part.rows)]


class _Part(NamedTuple):
    """The complete rows that a process has written.

    Attributes:
        sizes: The number of features of each tap; empty if the first line is incomplete.
        offset: Where in the file the rows begin, in bytes.
        rows: The rows, memory-mapped.
    """

    sizes: dict[str, Size]
    offset: int
    rows: np.ndarray

    @classmethod
    def read(cls, path: Path) -> '_Part':
        """Read a file; an incomplete last row is ignored."""
        line = b''
        if path.is_file():
            with open(path, 'rb') as file:
                line = file.readline()
        if not line.endswith(b'\n'):
            return cls({}, 0, np.empty(0, _row_type({})))
        sizes = json.loads(line)
        row_type = _row_type(sizes)
        count = (path.stat().st_size - len(line)) // row_type.itemsize
        rows = np.empty(0, row_type)
        if count:
            rows = np.memmap(path, row_type, 'r', offset=len(line), shape=(count,))
        return cls(sizes, len(line), rows)


def _row_type(sizes: dict[str, Size]) -> np.dtype:
    taps = [(_field(tap), *_dtype_and_shape(size)) for tap, size in sizes.items()]
    return np.dtype([('index', '<i8'), *taps])


def _field(tap: str) -> str:
    return f'tap {tap}'


def _size(rows: Tensor) -> Size:
    if rows.ndim == 2 and rows.dtype == torch.float32:
        return rows.shape[1]
    return dict(dtype=str(rows.dtype).removeprefix('torch.'), shape=list(rows.shape[1:]))


def _dtype_and_shape(size: Size) -> tuple[np.dtype, tuple[int, ...]]:
    if isinstance(size, int):
        return np.dtype('<f4'), (size,)
    return np.dtype(size['dtype']).newbyteorder('<'), tuple(size['shape'])


def _check_sizes(sizes: dict[str, Size], others: dict[str, Size], folder: Path) -> None:
    if sizes != others:
        raise FeatureStoreError(
            f'videos have features of different sizes, {others} and {sizes}: bring all clips to '
            f'one size (`Resize`, `CenterCrop`), and delete {folder}'
        )
