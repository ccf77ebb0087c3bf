"""Weights, gradients and states of the optimizer in shares, one on each process (FSDP2)."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import EMAHook
from mmengine.optim import AmpOptimWrapper, OptimWrapper, OptimWrapperDict
from mmengine.utils import apply_to
from torch import Tensor, nn
from torch.distributed import checkpoint as distributed_checkpoint
from torch.distributed import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.optim import Optimizer

from vsslbox.checkpoints.shares import places
from vsslbox.errors import InputError
from vsslbox.models.utils import TransformerBlock
from vsslbox.utils import unwrap_model

__all__ = [
    'check_sharding',
    'saved_shares',
    'shard_model',
    'shard_optimizer_state',
    'shares_by_place',
    'whole',
    'whole_states',
    'whole_weights',
]

# Whose subclasses assume that a process has all parameters: why not, and what to do.
_REFUSED = {
    EMAHook: 'copies the model: leave it out',
    AmpOptimWrapper: 'scales losses by overflows of one process: take Bfloat16OptimWrapper',
    OptimWrapperDict: 'has several optimizers: train with one',
}


def shard_model(model: nn.Module, options: bool | dict) -> None:
    """Leave each process its share of a model's parameters, in place.

    The blocks of transformers, online and averaged, are gathered one by one when they compute;
    everything else is gathered as a whole. Buffers stay whole, as they are on each process. The
    parameters become other objects, so the optimizer is built afterwards. ``load_state_dict`` takes
    whole tensors, as files have them, on every process.

    Args:
        model: The model with its first weights, equal on all processes, on any device.
        options: True, or a dict. ``reshard_after_forward=False`` keeps the blocks gathered until
            their backward pass. ``save_shares`` concerns checkpoints, see :func:`saved_shares`.

    Raises:
        InputError: Another option or value.
    """
    options = {} if options is True else dict(options)
    reshard = options.pop('reshard_after_forward', True)
    saves = options.pop('save_shares', False)
    if options or not (isinstance(reshard, bool) and isinstance(saves, bool)):
        raise InputError(
            '`fully_shard` takes True or a dict with reshard_after_forward and save_shares, each '
            "True or False; for bfloat16 set `optim_wrapper.type='Bfloat16OptimWrapper'`"
        )
    mesh = init_device_mesh(get_device(), (get_world_size(),))
    for module in model.modules():
        if isinstance(module, TransformerBlock):
            fully_shard(module, mesh=mesh, reshard_after_forward=reshard)
    fully_shard(model, mesh=mesh)
    model.to(get_device())  # tells the preprocessor
    model.register_load_state_dict_pre_hook(_share_weights)


def check_sharding(parts: Iterable[Any]) -> None:
    """Refuse parts of a training that cannot work with parameters in shares.

    Args:
        parts: The wrapper of the optimizer and the hooks.

    Raises:
        InputError: There is such a part.
    """
    for part in parts:
        for kind, reason in _REFUSED.items():
            if isinstance(part, kind):
                raise InputError(f'`fully_shard` cannot work: {type(part).__name__} {reason}')


def whole(tensor: Tensor) -> Tensor:
    """Return a tensor itself, gathered if it is in shares; then all processes have to call."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


@contextmanager
def whole_weights(model: nn.Module) -> Iterator[None]:
    """Allow calls of other methods of a sharded model than ``forward``, on all processes alike."""
    if not isinstance(model, FSDPModule):
        yield
        return
    model.unshard()
    try:
        yield
    finally:
        model.reshard()


@contextmanager
def whole_states(model: nn.Module, optim_wrapper: OptimWrapper) -> Iterator[None]:
    """Let the state dicts of model and optimizer be those of a training without shares.

    All processes enter together; the first one gets the whole tensors, one by one, on the CPU.
    """
    model = unwrap_model(model)
    if not isinstance(model, FSDPModule):
        yield
        return
    with _states({owner: _gathered(owner.state_dict()) for owner in (model, optim_wrapper)}):
        yield


@contextmanager
def saved_shares(
    model: nn.Module, optim_wrapper: OptimWrapper, folder: Path, has_optimizer: bool = True
) -> Iterator[list[str]]:
    """Write the shares of model and optimizer into a folder, and leave empty tensors of them.

    All processes enter together. Then the state dicts of model and optimizer have empty tensors
    where :func:`whole_states` gathers.

    Args:
        model: The model in shares.
        optim_wrapper: The wrapper of its optimizer.
        folder: A folder that all processes see.
        has_optimizer: Whether to write the states of the optimizer.

    Yields:
        The places of what is written, see :func:`~vsslbox.checkpoints.shares.places`.
    """
    owners = dict(state_dict=unwrap_model(model))
    if has_optimizer:
        owners['optimizer'] = optim_wrapper
    states = {name: owner.state_dict() for name, owner in owners.items()}
    found = {place: values[name] for place, values, name in places(states)}
    shares = {place: value for place, value in found.items() if isinstance(value, DTensor)}
    distributed_checkpoint.save(shares, checkpoint_id=folder)
    empty = {
        owners[name]: apply_to(state, _is_share, lambda share: torch.empty(0, dtype=share.dtype))
        for name, state in states.items()
    }
    with _states(empty):
        yield list(shares)


def shares_by_place(model: nn.Module, optimizer: Optimizer) -> dict[str, Tensor]:
    """Return the parameters of a model in shares, as :func:`load_shares` wants them."""
    found = {f'state_dict.{name}': tensor for name, tensor in model.named_parameters()}
    parameters = (tensor for group in optimizer.param_groups for tensor in group['params'])
    found.update((f'optimizer.state.{number}', p) for number, p in enumerate(parameters))
    return {place: tensor.detach() for place, tensor in found.items() if _is_share(tensor)}


@contextmanager
def _states(states: dict[Any, dict]) -> Iterator[None]:
    """Let models and optimizers have these state dicts."""
    for owner, state in states.items():
        owner.state_dict = partial(OrderedDict, state)  # mmengine sets an attribute of it
    try:
        yield
    finally:
        for owner in states:
            del owner.state_dict


def shard_optimizer_state(state: dict, optimizer: Optimizer) -> None:
    """Replace the whole tensors in an optimizer's state dict by shares like its parameters'.

    Args:
        state: The state dict of the same optimizer without shares, on every process; changed in
            place.
        optimizer: The optimizer. Of parameters that are not in shares nothing changes.
    """
    parameters, numbers = (
        [item for group in groups for item in group['params']]
        for groups in (optimizer.param_groups, state['param_groups'])
    )
    for parameter, number in zip(parameters, numbers, strict=True):
        values = state['state'].get(number, {})
        for name, value in values.items():
            if isinstance(value, Tensor) and value.shape == parameter.shape:
                values[name] = _share(value, parameter)


def _gathered(state: dict) -> dict:
    """Return the state with whole tensors on the CPU in the place of shares; None but on rank 0."""

    def gather(share: DTensor) -> Tensor | None:
        tensor = share.full_tensor()
        return tensor.cpu() if is_main_process() else None

    return apply_to(state, _is_share, gather)


def _is_share(value: Any) -> bool:
    return isinstance(value, DTensor)


def _share_weights(module: nn.Module, state: dict, *_: Any) -> None:
    for name, parameter in module.named_parameters():
        if name in state:
            state[name] = _share(state[name], parameter)


def _share(tensor: Tensor, like: Tensor) -> Tensor:
    if not isinstance(like, DTensor) or isinstance(tensor, DTensor):
        return tensor
    tensor = tensor.to(like.device)
    return distribute_tensor(tensor, like.device_mesh, like.placements, src_data_rank=None)
