"""BatchNorm over the batches of all processes, on any device."""

from typing import Any

import torch
import torch.nn.functional as F
from mmengine.dist import all_gather, all_reduce, get_world_size
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from vsslbox.models.utils.precision import at_least_float32
from vsslbox.registry import MODELS

__all__ = ['SyncBatchNorm', 'sync_on_any_device']


@MODELS.register_module()
class SyncBatchNorm(nn.BatchNorm3d):  # of inputs with any number of axes
    """Normalise by the mean and variance of all processes' batches, with the gradient through them.

    torch's SyncBatchNorm runs on GPUs only, and DistributedDataParallel refuses its subclasses
    elsewhere. The batches may be of different sizes, but none may be empty. A single process, and
    inference, compute what ``nn.BatchNorm1d`` to ``3d`` compute. The state dict is theirs.

    Each forward pass exchanges 2C + 1 numbers per process, each backward pass 2C.

    Args:
        args: As for ``nn.BatchNorm3d``.
        process_group: The processes that share statistics; all of them if None.
        kwargs: As for ``nn.BatchNorm3d``.
    """

    def __init__(self, *args, process_group: Any = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.process_group = process_group

    def _check_input_dim(self, x: Tensor) -> None:
        if x.dim() < 2:
            raise ValueError(f'expected an input [N, C, ...], got {x.dim()} dimensions')

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x``, ``[N, C, ...]``, in its dtype; statistics have at least float32."""
        if not self.training or get_world_size(self.process_group) == 1:
            return super().forward(x)
        self._check_input_dim(x)
        mean, var, count = _statistics(x.detach(), self.process_group)
        if self.track_running_stats:
            self._track(mean, var * (count / (count - 1)))
        return _Normalize.apply(
            x, self.weight, self.bias, mean, var, count, self.eps, self.process_group
        )

    @torch.no_grad()
    def _track(self, mean: Tensor, unbiased_var: Tensor) -> None:
        """Move the running statistics; without a momentum they are the mean over all batches."""
        self.num_batches_tracked += 1
        momentum = self.momentum
        if momentum is None:
            momentum = 1 / self.num_batches_tracked.item()
        for running, new in ((self.running_mean, mean), (self.running_var, unbiased_var)):
            running.mul_(1 - momentum).add_(momentum * new)


def sync_on_any_device(model: nn.Module) -> nn.Module:
    """Turn torch's SyncBatchNorm layers of a model into :class:`SyncBatchNorm`, in place."""
    for module in model.modules():
        if type(module) is nn.SyncBatchNorm:
            module.__class__ = SyncBatchNorm
    return model


def _statistics(x: Tensor, group: Any) -> tuple[Tensor, Tensor, Tensor]:
    r"""Compute mean and biased variance over all processes, each ``[C]``, and the count.

    Sums of squares would cancel; with the share :math:`s_r = n_r / \sum_r n_r` of each process,

    .. math:: \mu = \sum_r s_r \mu_r, \quad
        \sigma^2 = \sum_r s_r \left(\sigma_r^2 + (\mu_r - \mu)^2\right)
    """
    mean, var = torch.batch_norm_update_stats(at_least_float32(x), None, None, 0.0)
    own = torch.cat([mean, var, mean.new_tensor([x.numel() // x.shape[1]])])
    means, variances, counts = torch.stack(all_gather(own, group)).split([len(mean)] * 2 + [1], 1)
    count = counts.sum()
    shares = counts / count
    mean = (shares * means).sum(dim=0)
    return mean, (shares * (variances + (means - mean) ** 2)).sum(dim=0), count


class _Normalize(torch.autograd.Function):
    """Normalise by statistics of which the input of each process is a part."""

    @staticmethod
    def forward(
        ctx,
        x: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        mean: Tensor,
        var: Tensor,
        count: Tensor,
        eps: float,
        group: Any,
    ) -> Tensor:
        ctx.save_for_backward(x, weight, bias, mean, var, count)
        ctx.eps, ctx.group = eps, group
        return F.batch_norm(x, mean, var, weight, bias, eps=eps)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias, mean, var, count = ctx.saved_tensors
        # As if the statistics were constants; xhat is x before weight and bias.
        grad_x, sum_gradient_xhat, sum_gradient = torch.ops.aten.native_batch_norm_backward(
            gradient, x, weight, mean, var, None, None, False, ctx.eps, [True, True, True]
        )
        sums = torch.stack([sum_gradient_xhat, sum_gradient])
        all_reduce(sums, group=ctx.group)
        factor = -(var + ctx.eps).rsqrt() / count
        if weight is not None:
            factor = factor * weight
        # Through the statistics: factor * (xhat * sum(gradient * xhat) + sum(gradient)).
        grad_x = grad_x + F.batch_norm(x, mean, var, *(factor * sums), eps=ctx.eps)
        return (
            grad_x,
            None if weight is None else sum_gradient_xhat,
            None if bias is None else sum_gradient,
            *(None,) * 5,
        )
