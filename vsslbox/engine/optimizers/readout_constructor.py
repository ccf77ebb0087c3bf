"""An optimizer for several classifiers, each with its own settings."""

from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from torch import nn

from vsslbox.errors import InputError
from vsslbox.registry import OPTIM_WRAPPER_CONSTRUCTORS, OPTIM_WRAPPERS, OPTIMIZERS
from vsslbox.utils import unwrap_model

__all__ = ['ReadoutConstructor']


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class ReadoutConstructor(DefaultOptimWrapperConstructor):
    """Give every probe of :class:`AttentiveReadout` the settings of the model.

    The optimizer has a group of parameters for each probe, with its ``lr`` and ``weight_decay``;
    the config of the optimizer has what is common. Schedules multiply all rates alike.
    """

    def __call__(self, model: nn.Module) -> OptimWrapper:
        """Build the optimizer and its wrapper.

        Raises:
            InputError: The config has a rate or a decay too, or the model has no such probes.
        """
        model = unwrap_model(model)
        if not (hasattr(model, 'probes') and hasattr(model, 'settings')):
            raise InputError(
                f'ReadoutConstructor is for AttentiveReadout, not {type(model).__name__}: leave '
                '`optim_wrapper.constructor` out'
            )
        optimizer = dict(self.optimizer_cfg)
        both = sorted({'lr', 'weight_decay'}.intersection(optimizer))
        if both:
            raise InputError(
                f'`optim_wrapper.optimizer` has {", ".join(both)}, but the probes have their own: '
                'change `model.settings` instead'
            )
        optimizer['params'] = [
            dict(params=list(probe.parameters()), **settings)
            for probe, settings in zip(model.probes, model.settings, strict=True)
        ]
        wrapper = dict(self.optim_wrapper_cfg)
        wrapper.setdefault('type', 'OptimWrapper')
        return OPTIM_WRAPPERS.build(
            wrapper, default_args=dict(optimizer=OPTIMIZERS.build(optimizer))
        )
