"""What torch.compile made of a model."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from vsslbox.compat import compiled_graphs
from vsslbox.errors import InputError
from vsslbox.registry import HOOKS

__all__ = ['CompilationHook']


@HOOKS.register_module()
class CompilationHook(Hook):
    """Log how many graphs were compiled, and where Python had to run between them.

    It does so after the first iteration and at the end, where recompilations show. The runner adds
    it to a training with ``compile``.
    """

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Log after the first iteration.

        Raises:
            InputError: Nothing was compiled.
        """
        if hasattr(self, '_has_told'):
            return
        self._has_told = True
        graphs, _ = compiled_graphs()
        if not graphs:
            raise InputError(
                '`compile` compiled nothing in the first iteration: this method does not call its '
                'backbone as a whole. Leave `compile` out'
            )
        self._tell(runner)

    def after_train(self, runner: Runner) -> None:
        """Log at the end."""
        self._tell(runner)

    def _tell(self, runner: Runner) -> None:
        graphs, breaks = compiled_graphs()
        lines = [f'torch.compile: {graphs} graphs, {sum(breaks.values())} graph breaks']
        lines += [f'  {count} x {reason.splitlines()[0]}' for reason, count in breaks.items()]
        runner.logger.info('\n'.join(lines))
