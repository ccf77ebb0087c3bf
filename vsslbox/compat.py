"""Every use of torch's, NumPy's and mmengine's private names, and workarounds for their versions.

Nothing else in vsslbox reads a private name of a foreign object; subclasses use the protected names
of their base classes that :data:`INHERITED` lists. ``tests/test_compat.py`` fails when one of them
changes.

On import, it makes checkpoints of mmengine readable, lets configs keep the order of their keys, and
silences a warning of mmcv-lite.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from vsslbox.errors import InputError

if TYPE_CHECKING:  # slow to import
    from mmengine.optim import OptimWrapper, _ParamScheduler
    from mmengine.runner import Runner

__all__ = [
    'INHERITED',
    'SmallConvolutionsInFloat32',
    'activation_checkpointing_by',
    'batches_of',
    'checkpoint_of',
    'compiled_graphs',
    'has_onednn_product',
    'iterations_per_step',
    'onednn_product',
    'prepare_compilation',
    'restart_schedule',
    'schedule_settings',
    'stop_workers',
    'tells_of_dead_worker',
    'tells_of_lost_process',
    'without_traceback',
    'worker_pids',
]

# The protected names that subclasses in vsslbox use, by the base class that has them.
INHERITED = {
    'mmaction.datasets.AVADataset': ('_FPS',),
    'mmaction.models.BMN': ('_forward',),
    'mmaction.models.ResNet3d': ('_freeze_stages',),
    'mmengine.dataset.BaseDataset': ('_fully_initialized', '_metainfo'),
    'mmengine.optim._ParamScheduler': ('_get_value',),
    'mmengine.runner.EpochBasedTrainLoop': ('_epoch', '_iter'),
    'mmengine.runner.Runner': (
        '_has_loaded',
        '_init_model_weights',
        '_load_from',
        '_maybe_compile',
        '_resume',
        '_timestamp',
        '_train_loop',
    ),
    'torch.nn.Module': ('_load_from_state_dict',),
}

# What the state of a scheduler holds beside its settings.
_SCHEDULE_STATE = {'_global_step', '_last_value', 'base_values', 'last_step', 'verbose'}
# What gloo's errors contain: `RuntimeError` is their only class.
_LOST = ('gloo/transport', 'Application timeout caused pair closure')
# The beginnings of torch's messages; the second if the worker dies while its batch is pinned.
_DEATHS = ('DataLoader worker', 'Pin memory thread')
# The beginning of a message that torch makes of a worker's own error, and what its text follows.
_CAUGHT, _TRACEBACK = 'Caught ', 'Traceback (most recent call last):\n'


def _history_buffer_method(owner: type, name: str) -> Callable:
    """Return a method of ``HistoryBuffer``, the only use of ``getattr`` while unpickling."""
    if owner is not HistoryBuffer or name.startswith('_'):
        raise InputError(f'refusing to unpickle getattr({owner!r}, {name!r})')
    return getattr(owner, name)


def _numpy_globals() -> list:
    """Return what NumPy's pickles of arrays and scalars refer to by name."""
    core = np._core if hasattr(np, '_core') else np.core
    kinds = {type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64, np.int32, bool)}
    rebuild = [core.multiarray.scalar, core.multiarray._reconstruct]
    return [np.ndarray, np.dtype, *rebuild, *kinds]


def _ordered_text(config: Config) -> str:
    from vsslbox.utils import config_text  # slow to import

    return config_text(config.to_dict())


@contextmanager
def activation_checkpointing_by(function: Callable) -> Iterator[None]:
    """Let runners apply ``activation_checkpointing`` of their configs by another function.

    mmengine's own is a local name in the middle of ``Runner.train``.
    """
    from mmengine.runner import runner  # slow to import

    name = 'turn_on_activation_checkpointing'
    own = getattr(runner, name)
    setattr(runner, name, function)
    try:
        yield
    finally:
        setattr(runner, name, own)


def checkpoint_of(runner: 'Runner') -> str | None:
    """Return the checkpoint that a runner was told to load (``load_from``)."""
    return runner._load_from


def compiled_graphs() -> tuple[int, dict[str, int]]:
    """Return how many graphs ``torch.compile`` made, and how often each reason broke one."""
    from torch._dynamo.utils import counters  # slow to import

    return counters['stats']['unique_graphs'], dict(counters['graph_break'])


def iterations_per_step(optim_wrapper: 'OptimWrapper') -> int:
    """Return over how many iterations an optimizer accumulates gradients for one step."""
    return optim_wrapper._accumulative_counts


def schedule_settings(state: dict[str, Any]) -> dict[str, Any]:
    """Return the settings in a scheduler's state: lengths, factors and the like."""
    return {name: value for name, value in state.items() if name not in _SCHEDULE_STATE}


def prepare_compilation() -> None:
    """Set up ``torch.compile`` for the blocks of networks, and count graphs from now on.

    Blocks of one class share the number of graphs that they may have: one for each rate of drop
    path, with and without gradients, in training and evaluation. Graphs are not split by
    DistributedDataParallel's buckets, which blocks that are computed again do not allow.
    """
    from torch._dynamo import config, utils  # slow to import

    config.recompile_limit = max(config.recompile_limit, 256)
    config.optimize_ddp = False
    utils.counters.clear()


def restart_schedule(scheduler: '_ParamScheduler') -> None:
    """Set a scheduler and the value that it schedules to the first step."""
    groups, name = scheduler.optimizer.param_groups, scheduler.param_name
    initial = [group[f'initial_{name}'] for group in groups]
    scheduler.load_state_dict(dict(_global_step=-1, last_step=-1, base_values=initial))
    scheduler.step()


def worker_pids(loader: DataLoader) -> list[int]:
    """Return the process ids of the workers that a loader keeps between epochs."""
    return [worker.pid for worker in getattr(loader._iterator, '_workers', ())]


def batches_of(loader: DataLoader) -> Iterator[Any]:
    """Iterate over a loader that keeps no workers; an error ends them at once.

    A traceback would hold the iterator, and once that is collected its pipes are closed before it
    can tell the workers to end: it waits for each of them for five seconds.
    """
    batches = iter(loader)
    try:
        yield from batches
    finally:
        if isinstance(batches, _MultiProcessingDataLoaderIter):
            batches._shutdown_workers()


def stop_workers(loader: DataLoader) -> None:
    """Stop the workers that a loader keeps between epochs; the next epoch starts new ones."""
    if isinstance(loader._iterator, _MultiProcessingDataLoaderIter):
        loader._iterator._shutdown_workers()
        loader._iterator = None


def tells_of_dead_worker(error: Exception) -> bool:
    """Return whether a loader's error means that a worker died, rather than that a sample failed.

    torch has no class for it: the wording, or a broken connection to the worker, tells.
    """
    message = str(error)
    if isinstance(error, RuntimeError):
        return message.startswith(_DEATHS)
    return not message.startswith(_CAUGHT)


def tells_of_lost_process(error: RuntimeError) -> bool:
    """Return whether an error means that another process ended or is silent."""
    return isinstance(error, torch.distributed.DistError) or any(t in str(error) for t in _LOST)


def without_traceback(message: str) -> str:
    """Return the message of a worker's error, from the text that torch re-raises it with.

    That text contains the worker's traceback, whose last unindented lines are the class of the
    error and its message. Other messages are returned as they are.
    """
    head, found, traceback = message.rpartition(_TRACEBACK)
    if not found:
        return head + traceback
    lines = dropwhile(lambda line: line.startswith(' '), traceback.strip('\n').split('\n'))
    error_class, colon, text = '\n'.join(lines).partition(': ')
    return text if colon else error_class


def has_onednn_product(left: Tensor) -> bool:
    """Return whether :func:`onednn_product` takes a matrix: float32 on the CPU, by this torch."""
    is_fit = left.dtype == torch.float32 and left.device.type == 'cpu'
    has_operator = hasattr(torch.ops.mkldnn, '_linear_pointwise')
    return is_fit and torch.backends.mkldnn.is_available() and has_operator


def onednn_product(
    left: Tensor, num_rows: int, bias: Tensor | None = None
) -> Callable[[Tensor], Tensor]:
    """Return a function that computes ``right @ left.T`` by oneDNN, with ``left`` packed once.

    torch's public product uses MKL for float32.

    Args:
        left: ``[M, D]``, float32 on the CPU.
        num_rows: The largest number of rows of ``right``.
        bias: ``[M]``, which is added to each row.
    """
    onednn = torch.ops.mkldnn
    packed = onednn._reorder_linear_weight(left, num_rows)
    return lambda right: onednn._linear_pointwise(right, packed, bias, 'none', [], '')


class SmallConvolutionsInFloat32(TorchDispatchMode):
    """Compute gradients of convolutions in float32 where the kernel is larger than its input.

    There, oneDNN 3.12 (torch 2.13) leaves parts of a weight's gradient in bfloat16 unwritten or
    writes outside of it, as in the last stage of a 3D ResNet-18 on 16 frames, whose kernels are 3
    frames long and see 2. Such inputs are small, so little time is lost.
    """

    def __torch_dispatch__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        """Run an operator."""
        if func is not torch.ops.aten.convolution_backward.default:
            return func(*args, **kwargs or {})
        gradient, inputs, weight, *settings = args
        is_larger = any(k > n for k, n in zip(weight.shape[2:], inputs.shape[2:], strict=True))
        if gradient.dtype != torch.bfloat16 or not is_larger:
            return func(*args, **kwargs or {})
        wide = func(gradient.float(), inputs.float(), weight.float(), *settings, **kwargs or {})
        return tuple(None if value is None else value.bfloat16() for value in wide)


# Since torch 2.6, `torch.load(..., weights_only=True)` refuses checkpoints of mmengine, which also
# hold the history of the logger (`HistoryBuffer`, with NumPy arrays). Only the names that it needs
# are declared safe: a file with code is still refused.
torch.serialization.add_safe_globals(
    [HistoryBuffer, (_history_buffer_method, 'builtins.getattr'), *_numpy_globals()]
)
# mmengine dumps this text beside a run and stores it in checkpoints, with sorted keys: the named
# steps of a pipeline would come back in another order.
Config.pretty_text = property(_ordered_text)
# mmcv-lite lacks this operator, which vsslbox does not use.
warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')
