"""Optimizers and their wrappers."""

from vsslbox.engine.optimizers.bfloat16_optim_wrapper import Bfloat16OptimWrapper

__all__ = ['Bfloat16OptimWrapper']
