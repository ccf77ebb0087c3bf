"""The choice among several classifiers."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from vsslbox.errors import InputError
from vsslbox.registry import HOOKS
from vsslbox.utils import unwrap_model

__all__ = ['ChooseReadoutHook']


@HOOKS.register_module()
class ChooseReadoutHook(Hook):
    """Note in the model which of its probes is the best on the videos of validation.

    The model is an :class:`AttentiveReadout`, and ``val_evaluator`` a :class:`ReadoutMetric`. The
    best accuracy is added to the metrics as ``best/top1``, so that ``CheckpointHook(save_best=
    'best/top1')`` keeps the best epoch with its choice. Validation takes none of the videos that
    test.
    """

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Choose; of equal probes the first.

        Raises:
            InputError: The metrics have no accuracies of the probes.
        """
        model = unwrap_model(runner.model)
        keys = [f'readout/{name}/top1' for name in model.names]
        if not metrics or any(key not in metrics for key in keys):
            raise InputError(
                "ChooseReadoutHook chooses by `val_evaluator = dict(type='ReadoutMetric')`, got "
                f'{sorted(metrics or {})}'
            )
        best = max(range(len(keys)), key=lambda number: metrics[keys[number]])
        model.chosen.fill_(best)
        metrics['best/top1'] = metrics[keys[best]]
        runner.logger.info(f'{model.names[best]} is the best of {len(keys)} probes')
