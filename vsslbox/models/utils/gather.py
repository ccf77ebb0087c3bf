"""Batches that are spread over processes."""

import torch
from mmengine.dist import all_gather, all_reduce, broadcast, get_rank, get_world_size
from torch import Tensor

__all__ = ['gather_batch', 'gather_with_gradient', 'on_shuffled_batch', 'own_share']


def gather_batch(x: Tensor) -> Tensor:
    """Concatenate the batches of all processes, in the order of their ranks, without gradient.

    Args:
        x: ``[N, ...]``, of the same shape on every process.

    Returns:
        ``[N * number of processes, ...]``, the same on every process.
    """
    return torch.cat(all_gather(x.contiguous())) if get_world_size() > 1 else x


def gather_with_gradient(x: Tensor) -> Tensor:
    """Gather as :func:`gather_batch` does, with a gradient that reaches the processes of the rows.

    The gradient is the sum of those of all processes' losses. DistributedDataParallel divides the
    gradients of the weights by the number of processes: if each process computes the mean over its
    own rows, the weights get the gradient of the mean over all rows.

    Args:
        x: ``[N, ...]``, of the same shape on every process.

    Returns:
        ``[N * number of processes, ...]``, the same on every process.
    """
    return _GatherWithGradient.apply(x) if get_world_size() > 1 else x


class _GatherWithGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return gather_batch(x)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        total = gradient.clone(memory_format=torch.contiguous_format)
        all_reduce(total)
        return own_share(total)


@torch.no_grad()
def on_shuffled_batch(encode, batch: Tensor) -> Tensor:
    """Encode a batch after a random exchange of samples between the processes.

    This is MoCo's ShuffleBN: the BatchNorm statistics of a key do not come from the samples that
    shared a process with its query. A single process exchanges nothing.

    Source: He et al., "Momentum Contrast", section 3.3.

    Args:
        encode: Maps ``[N, ...]`` to features ``[N, ...]``.
        batch: ``[N, ...]``, of the same shape on every process.

    Returns:
        The features of the process's own samples, in their order.
    """
    if get_world_size() == 1:
        return encode(batch)
    everything = gather_batch(batch)
    order = torch.randperm(len(everything), device=batch.device)
    broadcast(order, src=0)
    features = gather_batch(encode(everything[own_share(order)]))
    return features[own_share(order.argsort())]


def own_share(rows: Tensor) -> Tensor:
    """Return the rows of a gathered batch that belong to this process."""
    return rows.chunk(get_world_size())[get_rank()]
