"""A cosine schedule whose first steps are a linear warm-up."""

import math
from typing import Any

from mmengine.optim import OptimWrapper, _ParamScheduler
from torch.optim import Optimizer

from vsslbox.errors import InputError
from vsslbox.registry import PARAM_SCHEDULERS

__all__ = ['WarmupCosineLR']

FOR_EVER = 10**9  # mmengine's default for `end`


@PARAM_SCHEDULERS.register_module()
class WarmupCosineLR(_ParamScheduler):
    r"""A cosine over all steps to 0, with a linear warm-up that meets it.

    .. math::
        c(t) = \frac{1}{2} \left(1 + \cos\frac{\pi t}{T}\right), \qquad
        \gamma_t = \gamma \cdot
        \begin{cases} s + (c(W) - s) \, t / W & t < W \\ c(t) & t \ge W \end{cases}

    The cosine begins at step 0, not after the warm-up. Without a start factor s, the first step has
    a rate of 0, as in TensorFlow's model garden. (mmengine's ``LinearLR`` followed by
    ``CosineAnnealingLR`` starts the cosine when the warm-up ends.) Each value is computed from the
    step and the initial rate alone: no other scheduler can share the learning rate while this one
    is active.

    Source: the code of Qian et al., "Spatiotemporal Contrastive Video Representation Learning";
    with s, that of Feichtenhofer et al., "A Large-Scale Study on Unsupervised Spatiotemporal
    Representation Learning".

    Args:
        optimizer: The optimizer or its wrapper.
        warmup: The length of the warm-up W, in steps (epochs with ``by_epoch``); 0 for none.
        T_max: The length of the whole schedule T, ``end - begin`` if None.
        start_factor: The rate of the first step of a warm-up, as a factor of the initial rate, s.
        begin: The step at which the schedule begins.
        end: The step from which on the rate stays as it is.
        last_step: The step to resume from, without a state dict.
        by_epoch: Whether a step of the schedule is an epoch. With ``convert_to_iter_based=True``
            in a config, lengths are given in epochs (fractions are allowed for ``warmup``) and
            the rate changes with every iteration.
        verbose: Whether to print every value.

    Raises:
        InputError: The warm-up is negative or not shorter than the schedule, or s is not in [0, 1].
    """

    def __init__(
        self,
        optimizer: Optimizer | OptimWrapper,
        warmup: float,
        T_max: int | None = None,
        start_factor: float = 0.0,
        begin: int = 0,
        end: int = FOR_EVER,
        last_step: int = -1,
        by_epoch: bool = True,
        verbose: bool = False,
    ) -> None:
        self.warmup = warmup
        self.T_max = end - begin if T_max is None else T_max
        self.start_factor = start_factor
        if not 0 <= warmup < self.T_max:
            raise InputError(
                f'warmup of WarmupCosineLR must be within [0, T_max), got warmup={warmup} and '
                f'T_max={self.T_max}'
            )
        if not 0 <= start_factor <= 1:
            raise InputError(
                f'start_factor of WarmupCosineLR must be within [0, 1], got {start_factor}'
            )
        super().__init__(optimizer, 'lr', begin, end, last_step, by_epoch, verbose)

    @classmethod
    def build_iter_from_epoch(
        cls,
        *args: Any,
        warmup: float,
        epoch_length: int,
        T_max: int | None = None,
        begin: int = 0,
        end: int = FOR_EVER,
        by_epoch: bool = True,
        **kwargs: Any,
    ) -> 'WarmupCosineLR':
        """Build a schedule in iterations from lengths in epochs of ``epoch_length`` iterations."""
        if not by_epoch:
            raise InputError('convert_to_iter_based needs by_epoch=True: lengths are in epochs')
        return cls(
            *args,
            warmup=round(warmup * epoch_length),
            T_max=None if T_max is None else T_max * epoch_length,
            begin=begin * epoch_length,
            end=end if end == FOR_EVER else end * epoch_length,
            by_epoch=False,
            **kwargs,
        )

    def _get_value(self) -> list[float]:
        """Return the rate of each group at step ``last_step`` of the schedule."""
        factor = self._factor(self.last_step)
        return [base_value * factor for base_value in self.base_values]

    def _factor(self, step: int) -> float:
        if step < self.warmup:
            rise = self._cosine(self.warmup) - self.start_factor
            return self.start_factor + rise * step / self.warmup
        return self._cosine(min(step, self.T_max))

    def _cosine(self, step: float) -> float:
        return (1 + math.cos(math.pi * step / self.T_max)) / 2
