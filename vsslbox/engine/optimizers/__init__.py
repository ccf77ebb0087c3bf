"""Optimizers and their wrappers."""

from vsslbox.engine.optimizers.bfloat16_optim_wrapper import Bfloat16OptimWrapper
from vsslbox.engine.optimizers.lars import LARS

__all__ = ['LARS', 'Bfloat16OptimWrapper']
