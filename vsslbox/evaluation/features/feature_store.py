"""Features on disk, which a killed run resumes from."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmengine.dist import barrier, get_rank, is_main_process
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.utils import whole_file

__all__ = ['FeatureStore', 'FeatureStoreError']


class FeatureStoreError(InputError):
    """A folder whose features are of another origin or incomplete."""


class FeatureStore:
    """A folder with one array ``[N, F]`` a tap, ``TAP.npy``, float32, in the order of the list.

    ``features.json`` holds their origin, and the sizes of the taps once they are complete. Until
    then every process appends rows to a file of its own, ``rows-RANK.part``: a line with the sizes
    of the taps, then for each video its index and the features of all taps. An incomplete row, left
    by a kill, is cut off. :meth:`finish` sorts the rows into the arrays, which get their names only
    when they are complete.

    All processes must see the folder, and create the store together.

    Args:
        folder: The folder, which need not exist.
        origin: Everything that the features depend on, as JSON.
        num_videos: N.

    Raises:
        FeatureStoreError: The folder has features of another origin.
    """

    def __init__(self, folder: str | Path, origin: dict, num_videos: int) -> None:
        self.folder = Path(folder)
        self.origin = json.loads(json.dumps(origin))
        self.num_videos = num_videos
        self.sizes: dict[str, int] = {}
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
            features: ``[B, F]`` by tap.
        """
        sizes = {tap: rows.shape[1] for tap, rows in features.items()}
        rows = np.empty(len(indices), _row_type(sizes))
        rows['index'] = indices
        rows['features'] = torch.cat(list(features.values()), dim=1).numpy()
        path = self.folder / f'rows-{get_rank():03d}.part'
        whole = _Part.read(path)
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
            self._write_arrays([part.rows for part in parts])
            self._write_info()
            for path in self.folder.glob('rows-*.part'):
                path.unlink()
        barrier()
        self._check(json.loads(self._info.read_text(encoding='utf-8')))

    def read(self) -> dict[str, Tensor]:
        """Return the arrays by tap, ``[N, F]``, memory-mapped; writing to them changes no file.

        Raises:
            FeatureStoreError: A file is missing, damaged or another array.
        """
        return {tap: torch.from_numpy(self._array(tap)) for tap in self.sizes}

    def _array(self, tap: str) -> np.ndarray:
        path, shape = self.folder / f'{tap}.npy', (self.num_videos, self.sizes[tap])
        advice = f'delete {self.folder}, and the features are extracted again'
        try:
            array = np.load(path, mmap_mode='c', allow_pickle=False)
        except (OSError, ValueError) as error:
            raise FeatureStoreError(f'{path} is damaged ({error}): {advice}') from error
        if array.dtype != np.float32 or array.shape != shape:
            raise FeatureStoreError(
                f'{path} is {array.dtype} {list(array.shape)}, not float32 {list(shape)}: {advice}'
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

    def _write_info(self) -> None:
        info = dict(origin=self.origin, videos=self.num_videos, sizes=self.sizes)
        with whole_file(self._info) as unfinished:
            unfinished.write_text(json.dumps(info, indent=2) + '\n', encoding='utf-8')

    def _write_arrays(self, parts: list[np.ndarray]) -> None:
        start = 0
        for tap, size in self.sizes.items():
            shape = self.num_videos, size
            with whole_file(self.folder / f'{tap}.npy') as unfinished:
                array = np.lib.format.open_memmap(unfinished, 'w+', np.float32, shape)
                for rows in reversed(parts):  # of a video's several rows the first process's stays
                    array[rows['index']] = rows['features'][:, start : start + size]
                array.flush()
            start += size

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

    sizes: dict[str, int]
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


def _row_type(sizes: dict[str, int]) -> np.dtype:
    return np.dtype([('index', '<i8'), ('features', '<f4', (sum(sizes.values()),))])
