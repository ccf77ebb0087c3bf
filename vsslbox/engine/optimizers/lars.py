"""SGD for very large batches."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer

from vsslbox.errors import InputError
from vsslbox.registry import OPTIMIZERS

__all__ = ['LARS']


@OPTIMIZERS.register_module()
class LARS(Optimizer):
    r"""Layer-wise adaptive rate scaling, as SimCLR uses it.

    With g the gradient and :math:`\lambda` the weight decay, each step is

    .. math::
        u = g + \lambda w, \qquad
        v \leftarrow \mu v + \gamma \eta \frac{\lVert w \rVert}{\lVert u \rVert} u, \qquad
        w \leftarrow w - v .

    With Nesterov's momentum, w moves by :math:`\mu v + \gamma \eta \dots u`, with the new v.

    Parameters of at most one dimension (biases, weights of normalisations) have neither weight
    decay nor the ratio of the norms, whatever their group says: for them this is SGD. The ratio is
    omitted, too, where one of the norms is 0.

    Source: You et al., "Large Batch Training of Convolutional Networks", algorithm 1, with the
    norm of the decayed gradient instead of the sum of two norms; Chen et al., "A Simple Framework
    for Contrastive Learning", appendix B.6. Feichtenhofer et al., "A Large-Scale Study on
    Unsupervised Spatiotemporal Representation Learning", have Nesterov's momentum and the sum of
    the two norms, which a decay of 1e-6 hardly changes.

    Args:
        params: Parameters or groups of them.
        lr: The learning rate, :math:`\gamma`.
        momentum: The share of the last step that is kept, :math:`\mu`.
        weight_decay: The factor of the weights in the gradient, :math:`\lambda`.
        trust_coefficient: :math:`\eta`.
        nesterov: Whether to look ahead by Nesterov's momentum.

    Raises:
        InputError: One of the numbers is negative.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust_coefficient: float = 0.001,
        nesterov: bool = False,
    ) -> None:
        defaults = dict(
            lr=lr,
            momentum=momentum,
            weight_decay=weight_decay,
            trust_coefficient=trust_coefficient,
        )
        for name, value in defaults.items():
            if value < 0:
                raise InputError(f'{name} of LARS must not be negative, got {value}')
        super().__init__(params, dict(defaults, nesterov=nesterov))

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> Tensor | None:
        """Take a step; ``closure``, if given, computes the loss again."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group['params']:
                if parameter.grad is not None:
                    self._update(parameter, group)
        return loss

    def _update(self, parameter: Tensor, group: dict) -> None:
        change = parameter.grad
        if parameter.ndim > 1:
            change = change.add(parameter, alpha=group['weight_decay'])
            change = change * _trust_ratio(parameter, change, group['trust_coefficient'])
        state = self.state[parameter]
        if not state:
            state['momentum_buffer'] = torch.zeros_like(parameter)
        velocity = state['momentum_buffer']
        velocity.mul_(group['momentum']).add_(change, alpha=group['lr'])
        if group.get('nesterov', False):  # older checkpoints do not have it
            velocity = group['momentum'] * velocity + group['lr'] * change
        parameter.sub_(velocity)


def _trust_ratio(parameter: Tensor, change: Tensor, coefficient: float) -> Tensor:
    """Compute the factor of a layer's learning rate, as a tensor to avoid a device sync."""
    weight_norm, change_norm = parameter.norm(), change.norm()
    defined = (weight_norm > 0) & (change_norm > 0)
    return torch.where(defined, coefficient * weight_norm / change_norm, 1.0)
