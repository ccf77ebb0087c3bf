"""Runner, loops, hooks, optimizers and schedulers."""

from vsslbox.engine import hooks, optimizers, runner, schedulers

__all__ = ['hooks', 'optimizers', 'runner', 'schedulers']
