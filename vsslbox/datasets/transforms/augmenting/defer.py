"""Leave transforms to the model's device."""

from collections.abc import Callable

import numpy as np

from vsslbox.datasets.transforms.augmenting.view_transform import ViewTransform
from vsslbox.datasets.transforms.steps import Steps, build_steps
from vsslbox.errors import InputError, InputTypeError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['Defer']


@TRANSFORMS.register_module()
class Defer:
    """Draw for some transforms here, in the worker, and have the model's device apply them.

    The draws travel with the batch, and ``ViewsPreprocessor`` applies them to all samples at once,
    by the :meth:`~ViewTransform.apply_batch` of the class registered under the transform's name.
    The result is the same as without ``Defer``, up to the worker's rounding to uint8. Use it where
    there is a GPU; on a CPU the worker's transforms are faster.

    Args:
        transforms: Configs of transforms that define ``apply_clips`` (see :class:`ViewTransform`)
            in the order in which they run, as a list or by name.
    """

    def __init__(self, transforms: Steps) -> None:
        self.transforms: list[ViewTransform] = []
        self.names: list[str] = []
        for transform in build_steps(transforms):
            self.names.append(_registered_name(transform))
            if isinstance(transform, ViewTransform):
                self.transforms.append(transform)

    def __call__(self, view: View, rng: np.random.Generator) -> None:
        """Draw for ``view`` and note it in ``view.drawn`` and ``view.deferred``."""
        for name, transform in zip(self.names, self.transforms):
            if name in view.deferred:
                raise InputError(f'{name} is deferred twice for view {view.name!r}: keep one')
            drawn = transform.draw_for(view, rng)
            view.drawn[type(transform).__name__] = drawn
            view.deferred[name] = drawn


def _registered_name(transform: Callable) -> str:
    """Return the name by which the data preprocessor finds the transform's class.

    Raises:
        InputTypeError: The transform has no batched form.
        InputError: The class is not registered.
    """
    kind = type(transform)
    if not isinstance(transform, ViewTransform) or transform.apply_clips is None:
        raise InputTypeError(
            f'{kind.__name__} defines no apply_clips, so only the worker can apply it: move it out '
            'of Defer'
        )
    for name, registered in TRANSFORMS.module_dict.items():
        if registered is kind:
            return name
    raise InputError(
        f'{kind.__module__}.{kind.__name__} is not in vsslbox.registry.TRANSFORMS, where the data '
        'preprocessor looks for it: decorate the class with @TRANSFORMS.register_module()'
    )
