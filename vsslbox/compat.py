"""What the engine and its relatives need to work together.

From 2.6 on ``torch.load`` unpickles nothing but tensors and plain containers unless told otherwise.
A checkpoint of mmengine also holds the history of its logger (``HistoryBuffer``, which stores NumPy
arrays), and reading it back fails. What it needs is declared safe here, name by name;
``weights_only`` stays on, so that a file which carries code is refused.

mmcv-lite warns on import of an operator which it lacks and nothing here needs.
"""

import warnings

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

from vsslbox.errors import InputError

__all__ = ['allow_mmengine_checkpoints']


def _history_buffer_method(owner: type, name: str):
    """Stand in for ``getattr`` while unpickling: gives methods of ``HistoryBuffer`` only."""
    if owner is not HistoryBuffer or name.startswith('_'):
        raise InputError(f'refusing to unpickle getattr({owner!r}, {name!r})')
    return getattr(owner, name)


def _numpy_globals() -> list:
    """What NumPy's pickles of arrays and scalars call by name."""
    core = np._core if hasattr(np, '_core') else np.core
    kinds = {type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64, np.int32, bool)}
    rebuild = [core.multiarray.scalar, core.multiarray._reconstruct]
    return [np.ndarray, np.dtype, *rebuild, *kinds]


def allow_mmengine_checkpoints() -> None:
    """Let ``torch.load(..., weights_only=True)`` read what mmengine's Runner writes."""
    torch.serialization.add_safe_globals(
        [HistoryBuffer, (_history_buffer_method, 'builtins.getattr'), *_numpy_globals()]
    )


allow_mmengine_checkpoints()
warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')
