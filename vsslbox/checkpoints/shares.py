"""Checkpoints in shares: folders to which each process of a training has written its own.

``rest.pth`` in the folder is the checkpoint of a training without shares, with empty tensors where
the others have the tensors that are in shares; ``meta`` lists their places. Everything else is of
``torch.distributed.checkpoint``.
"""

import pickle
import warnings
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vsslbox.checkpoints.loading import CheckpointError, load_checkpoint

__all__ = ['REST', 'SHARES', 'is_in_shares', 'load_shares', 'places']

REST = 'rest.pth'
# Where `rest.pth` lists the places of the tensors that are in shares: `meta[SHARES]`.
SHARES = 'shares'

# What torch's table of a folder is made of, by the modules that have it.
_OF_TABLES = {
    'torch.distributed.checkpoint.metadata': {
        'ChunkStorageMetadata',
        'Metadata',
        'MetadataIndex',
        'StorageMeta',
        'TensorProperties',
        'TensorStorageMetadata',
        '_MEM_FORMAT_ENCODING',
    },
    'torch.distributed.checkpoint.filesystem': {'_StorageInfo'},
    'torch': {'Size'},
    'torch.serialization': {'_get_layout'},
    'pathlib': {'PosixPath'},
    'pathlib._local': {'PosixPath'},
}


def is_in_shares(path: str | PathLike) -> bool:
    """Return whether a path is the folder of a checkpoint in shares."""
    return Path(path, REST).is_file()


def places(states: Mapping[str, Any]) -> Iterator[tuple[str, dict, Any]]:
    """Find the tensors in the states of model and optimizer.

    Args:
        states: ``state_dict``, a model's, and ``optimizer``, an optimizer's, or one of the two.

    Yields:
        The place of a tensor, and the dict and the key that have it. ``optimizer.state.3.NAME`` is
        a state of the optimizer's parameter 3.
    """
    weights = states.get('state_dict', {})
    yield from ((f'state_dict.{name}', weights, name) for name in weights)
    for number, values in states.get('optimizer', {}).get('state', {}).items():
        yield from ((f'optimizer.state.{number}.{name}', values, name) for name in values)


def load_shares(folder: str | PathLike, likes: Mapping[str, Tensor] | None = None) -> dict:
    """Read a checkpoint in shares without running code from it.

    Args:
        folder: The folder.
        likes: The parameters of which this process wants its shares alone, by their places:
            ``state_dict.NAME``, and ``optimizer.state.NUMBER`` for all states of one. Then all
            processes have to call. Without it every tensor is read as a whole, on the CPU.

    Returns:
        The content of a checkpoint of a training without shares.

    Raises:
        CheckpointError: There is no such folder, or it is damaged or holds more than tensors.
    """
    import torch.distributed.checkpoint as dcp  # slow to import

    class TensorReader(dcp.FileSystemReader):
        """Refuses tables that are of more than tensors."""

        def read_metadata(self, *args: Any, **kwargs: Any) -> dcp.Metadata:
            with open(Path(self.path, '.metadata'), 'rb') as file:
                _TableUnpickler(file).load()
            return super().read_metadata(*args, **kwargs)

    likes = likes or {}
    checkpoint = load_checkpoint(Path(folder, REST))
    try:
        reader = TensorReader(folder)
        table = reader.read_metadata().state_dict_metadata
        spots = {place: spot for place, *spot in places(checkpoint)}
        tensors = {}
        for place in checkpoint['meta'].pop(SHARES):
            entry = table[place]
            if not isinstance(entry, dcp.metadata.TensorStorageMetadata):
                raise TypeError(f'{place} is not a tensor')
            like = likes.get(place, likes.get(place.rpartition('.')[0]))
            if like is not None and like.shape == entry.size:
                tensors[place] = torch.empty_like(like, dtype=entry.properties.dtype)
            else:
                tensors[place] = torch.empty(entry.size, dtype=entry.properties.dtype)
        with warnings.catch_warnings():
            warnings.filterwarnings('ignore', 'torch.distributed is disabled', UserWarning)
            dcp.load(tensors, storage_reader=reader, no_dist=not likes)
        for place, tensor in tensors.items():
            values, name = spots[place]
            values[name] = tensor
    except dcp.api.CheckpointException as error:
        reason, _ = next(iter(error.failures.values()))
        raise _unreadable(folder, reason) from error
    except Exception as error:  # damaged files raise errors of many kinds
        raise _unreadable(folder, error) from error
    return checkpoint


class _TableUnpickler(pickle.Unpickler):
    """Refuses what a table of tensors does not need, since a pickle can run code."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a pickle names.

        Raises:
            CheckpointError: A table does not need it.
        """
        is_dtype = module == 'torch' and isinstance(getattr(torch, name, None), torch.dtype)
        if not (is_dtype or name in _OF_TABLES.get(module, ())):
            raise CheckpointError(f'it holds {module}.{name}, which may run code')
        return super().find_class(module, name)


def _unreadable(folder: str | PathLike, error: BaseException) -> CheckpointError:
    reason = next(iter(str(error).splitlines()), '')
    return CheckpointError(
        f'{folder} is damaged, cut short or not a checkpoint in shares: '
        f'{type(error).__name__}: {reason}'
    )
