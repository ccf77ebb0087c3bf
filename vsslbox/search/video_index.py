"""An index: the features of a folder's videos in one file, and the checkpoint that they are of."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vsslbox.datasets.video_names import stamp_of
from vsslbox.errors import InputError
from vsslbox.utils import optional_module, read_json

if TYPE_CHECKING:
    import pyarrow

__all__ = ['COLUMNS', 'VideoIndex', 'is_index', 'origin_of_index']

FORMAT = 1
VIDEOS, ORIGIN = 'videos.parquet', 'index.json'
FEATURES = 'features.npy'  # the same features for other code; only the table is read
# What an index says about a video, beside its labels.
COLUMNS = ('path', 'bytes', 'modified', 'seconds', 'fps', 'feature')


@dataclass(frozen=True)
class VideoIndex:
    """The videos of an index.

    Args:
        folder: The folder of the index.
        checkpoint: The checkpoint of the features: the path of its file, or ``zoo://NAME``.
        checkpoint_sha256: The hash of its file.
        paths: The videos.
        features: Their features, float32 ``[N, F]``.
        labels: The values of each column of labels; None where a video has none.
        stamps: The size of each file in bytes and its time in nanoseconds when it was read.
    """

    folder: Path
    checkpoint: str
    checkpoint_sha256: str
    paths: list[str]
    features: np.ndarray
    labels: dict[str, list[str | None]]
    stamps: list[tuple[int, int]]

    @classmethod
    def read(cls, folder: str | os.PathLike) -> 'VideoIndex':
        """Read an index.

        Raises:
            FileNotFoundError: There is none.
            InputError: It is not finished, or its files are damaged or of another version.
        """
        folder = Path(folder)
        origin = origin_of_index(folder)
        if origin is None:
            raise FileNotFoundError(f'no index at {folder}: `vsslbox embed` makes one')
        if not is_index(folder):
            raise InputError(f'the index {folder} is not finished: run `vsslbox embed` again')
        table = read_table(folder / VIDEOS)
        return cls(
            folder,
            origin['checkpoint'],
            origin['checkpoint_sha256'],
            table['path'].to_pylist(),
            features_of(table),
            {name: table[name].to_pylist() for name in table.column_names if name not in COLUMNS},
            list(zip(table['bytes'].to_pylist(), table['modified'].to_pylist())),
        )

    def __len__(self) -> int:
        return len(self.paths)

    def is_current(self, place: int) -> bool:
        """Return whether the file of a video is there and has not changed since it was read."""
        try:
            return stamp_of(self.paths[place]) == self.stamps[place]
        except OSError:
            return False

    @property
    def names(self) -> list[str]:
        """The paths without the folders that all of them share."""
        common = os.path.commonpath([os.path.dirname(path) for path in self.paths])
        return [os.path.relpath(path, common) for path in self.paths]


def is_index(folder: Path) -> bool:
    """Return whether a folder is an index that can be read."""
    return (folder / VIDEOS).is_file()


def origin_of_index(folder: Path) -> dict | None:
    """Return what an index says about the checkpoint of its features; None if there is no index.

    Raises:
        InputError: The file is damaged, or of another version.
    """
    path = folder / ORIGIN
    if not path.is_file():
        return None
    origin = read_json(path)
    if not isinstance(origin, dict) or origin.get('format') != FORMAT:
        raise InputError(
            f'{path} is not of an index that this version of vsslbox reads: make it again'
        )
    return origin


def read_table(path: Path) -> 'pyarrow.Table':
    """Read a table of videos.

    Raises:
        InputError: The file is damaged or another table.
    """
    pyarrow = optional_module('pyarrow', 'search')
    parquet = optional_module('pyarrow.parquet', 'search')
    try:
        table = parquet.read_table(path, partitioning=None)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f'{path} is damaged ({error}): delete the index and embed again') from None
    if not set(COLUMNS) <= set(table.column_names):
        raise InputError(f'{path} is not a table of an index: it lacks some of {list(COLUMNS)}')
    return table


def features_of(table: 'pyarrow.Table') -> np.ndarray:
    """Return the features of a table, ``[N, F]``."""
    column = table['feature'].combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(-1, column.type.list_size).astype(np.float32)


def origin_text(checkpoint: str, sha256: str, feature_size: int) -> str:
    """Return the content of the file that names the checkpoint of an index."""
    origin = dict(
        format=FORMAT, checkpoint=checkpoint, checkpoint_sha256=sha256, feature_size=feature_size
    )
    return json.dumps(origin, indent=2)
