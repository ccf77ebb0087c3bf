"""Leave photometric transforms to the model's device."""

import numpy as np

from vsslbox.datasets.transforms.augmenting.view_transform import ViewTransform
from vsslbox.datasets.transforms.steps import Steps, build_steps
from vsslbox.errors import InputError, InputTypeError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['Defer']


@TRANSFORMS.register_module()
class Defer:
    """Draw for photometric transforms here, in the worker, and have the model's device apply them.

    The draws travel with the batch, and ``ViewsPreprocessor`` applies them to all samples at once.
    The result is the same as without ``Defer``, up to the rounding to uint8 that the worker's
    transforms do. Worth it where there is a GPU; on a CPU the worker's transforms are faster.

    Args:
        transforms: Configs of photometric transforms in the order in which they run, as a list or
            by name.
    """

    def __init__(self, transforms: Steps) -> None:
        self.transforms = build_steps(transforms)
        for transform in self.transforms:
            if not (isinstance(transform, ViewTransform) and transform.photometric):
                raise InputTypeError(
                    f'{type(transform).__name__} is not photometric, so it can only be applied in '
                    'the worker: move it out of Defer'
                )

    def __call__(self, view: View, rng: np.random.Generator) -> None:
        """Draw for ``view`` and note it in ``view.drawn`` and ``view.deferred``."""
        for transform in self.transforms:
            name = type(transform).__name__
            if name in view.deferred:
                raise InputError(f'{name} is deferred twice for view {view.name!r}: keep one')
            drawn = transform.draw_for(view, rng)
            view.drawn[name] = drawn
            view.deferred[name] = drawn
