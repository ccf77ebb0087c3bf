"""Methods that learn from a moving average of themselves."""

import copy

import torch
from torch import nn

from vsslbox.errors import InputError
from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.registry import MODELS

__all__ = ['MomentumSelfSupervisor']


class MomentumSelfSupervisor(BaseSelfSupervisor):
    r"""A method in which a moving average of some of its modules gives keys or targets.

    The constructor of a method builds the modules that the optimizer trains and then names those
    to follow: ``self.follow('backbone', 'neck')`` adds ``self.momentum_backbone`` and
    ``self.momentum_neck``. They start with the weights of the online modules, receive no gradient,
    and move after each step of the optimizer: :math:`k \leftarrow m k + (1 - m) q` for their
    parameters k and those of the online modules, q. Their BatchNorm statistics are their own. Call
    them within ``torch.no_grad()``, which saves memory.

    Source: He et al., "Momentum Contrast", eq. 2.

    Args:
        backbone: The config of the backbone, 2D or 3D, with one feature map as output.
        momentum: The share of the average that a step keeps, m, or the config of a schedule, such
            as ``dict(type='CosineMomentum', base=0.996)``: a module that maps the progress of
            training, from 0 to 1, to m.
        kwargs: As for :class:`BaseSelfSupervisor`.
    """

    def __init__(self, backbone: dict, momentum: float | dict = 0.99, **kwargs) -> None:
        super().__init__(backbone, **kwargs)
        if isinstance(momentum, dict):
            momentum = MODELS.build(momentum)
        elif not 0 <= momentum <= 1:
            raise InputError(f'momentum must be within [0, 1], got {momentum}')
        self.momentum = momentum
        self._followed: list[str] = []

    def follow(self, *names: str) -> None:
        """Add the moving averages ``momentum_NAME`` of modules of these names."""
        for name in names:
            average = copy.deepcopy(getattr(self, name)).requires_grad_(False)
            for module in average.modules():
                if hasattr(module, 'init_cfg'):
                    module.init_cfg = None  # the average starts with the initialised weights
            setattr(self, f'momentum_{name}', average)
            self._followed.append(name)

    def init_weights(self) -> None:
        """Initialise, and start the averages with the initial weights and buffers."""
        super().init_weights()
        for online, average in self._pairs():
            average.load_state_dict(online.state_dict())

    @torch.no_grad()
    def update_after_step(self, progress: float = 0.0) -> None:
        """Let memories write what was staged, and move the averages."""
        super().update_after_step(progress)
        momentum = self.momentum(progress) if callable(self.momentum) else self.momentum
        for online, average in self._pairs():
            for new, old in zip(online.parameters(), average.parameters(), strict=True):
                old.lerp_(new, 1 - momentum)

    def _pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        """The modules that are followed, each with its average."""
        return [(getattr(self, n), getattr(self, f'momentum_{n}')) for n in self._followed]
