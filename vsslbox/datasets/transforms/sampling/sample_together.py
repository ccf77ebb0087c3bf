"""Several samplers at once."""

from collections.abc import Sequence

from vsslbox.datasets.transforms.sampling.base_sampler import BaseSampler
from vsslbox.datasets.transforms.steps import build_steps
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['SampleTogether']


@TRANSFORMS.register_module()
class SampleTogether(BaseSampler):
    """Join the views of several samplers, for a model that adds up the losses of several methods.

    Args:
        samplers: The configs of the samplers, in the order in which the model takes their views.

    Raises:
        InputError: A step is not a sampler.
    """

    def __init__(self, samplers: Sequence[dict]) -> None:
        self.samplers = build_steps(samplers)
        for sampler in self.samplers:
            if not isinstance(sampler, BaseSampler):
                raise InputError(f'SampleTogether takes samplers, got {type(sampler).__name__}')

    def transform(self, results: dict) -> dict:
        """Add the views and targets of all samplers.

        Raises:
            InputError: Two samplers give views of the same name.
        """
        views = []
        for sampler in self.samplers:
            views += sampler(results)['views']
        names = [view.name for view in views]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise InputError(f'several samplers of SampleTogether give a view {repeated}')
        results['views'] = views
        return results
