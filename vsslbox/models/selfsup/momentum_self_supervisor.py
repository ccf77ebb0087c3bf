"""Methods that learn from a moving average of themselves."""

from torch import nn

from vsslbox.errors import InputError
from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.models.utils import momentum_copy, momentum_update
from vsslbox.registry import MODELS

__all__ = ['MomentumSelfSupervisor']


class MomentumSelfSupervisor(BaseSelfSupervisor):
    """A method in which a moving average of some of its modules gives keys or targets.

    The constructor of a method builds the modules that the optimizer trains and then names those
    to follow: ``self.follow('backbone', 'neck')`` adds ``self.momentum_backbone`` and
    ``self.momentum_neck``. They start with the weights of the online modules, receive no gradient,
    and move after each step of the optimizer, see :func:`momentum_update`. Call them within
    ``torch.no_grad()``, which saves memory.

    Args:
        backbone: The config of the backbone, 2D or 3D, with one feature map as output.
        momentum: The share of the average that a step keeps, m, or the config of a schedule, such
            as ``dict(type='CosineMomentum', base=0.996)``: a module that maps the progress of
            training, from 0 to 1, to m.
        data_preprocessor: The config of the preprocessor; ``ViewsPreprocessor`` if None.
        init_cfg: mmengine's weight initialization.
    """

    def __init__(
        self,
        backbone: dict,
        momentum: float | dict = 0.99,
        data_preprocessor: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(backbone, data_preprocessor, init_cfg)
        if isinstance(momentum, dict):
            momentum = MODELS.build(momentum)
        elif not 0 <= momentum <= 1:
            raise InputError(f'momentum must be within [0, 1], got {momentum}')
        self.momentum = momentum
        self._followed: list[str] = []

    def follow(self, *names: str) -> None:
        """Add the moving averages ``momentum_NAME`` of modules of these names."""
        for name in names:
            setattr(self, f'momentum_{name}', momentum_copy(getattr(self, name)))
            self._followed.append(name)

    def init_weights(self) -> None:
        """Initialise, and start the averages with the initial weights and buffers."""
        super().init_weights()
        for online, average in self._pairs():
            average.load_state_dict(online.state_dict())

    def update_after_step(self, progress: float = 0.0) -> None:
        """Let memories write what was staged, and move the averages."""
        super().update_after_step(progress)
        momentum = self.momentum(progress) if callable(self.momentum) else self.momentum
        for online, average in self._pairs():
            momentum_update(online, average, momentum)

    def _pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        """The modules that are followed, each with its average."""
        return [(getattr(self, n), getattr(self, f'momentum_{n}')) for n in self._followed]
