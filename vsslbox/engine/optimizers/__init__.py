"""Optimizers and their wrappers."""

from vsslbox.engine.optimizers.bfloat16_optim_wrapper import Bfloat16OptimWrapper
from vsslbox.engine.optimizers.lars import LARS
from vsslbox.engine.optimizers.layer_decay_constructor import LayerDecayConstructor
from vsslbox.engine.optimizers.readout_constructor import ReadoutConstructor

__all__ = ['LARS', 'Bfloat16OptimWrapper', 'LayerDecayConstructor', 'ReadoutConstructor']
