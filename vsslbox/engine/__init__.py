"""Runner, loops, hooks and optimizers."""

from vsslbox.engine import hooks, optimizers, runner

__all__ = ['hooks', 'optimizers', 'runner']
