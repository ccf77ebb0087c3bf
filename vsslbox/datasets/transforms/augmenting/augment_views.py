"""The step of a pipeline that augments views."""

from collections.abc import Sequence

from mmcv.transforms import BaseTransform

from vsslbox.datasets.transforms.augmenting.defer import Defer
from vsslbox.datasets.transforms.augmenting.view_transform import ViewTransform
from vsslbox.datasets.transforms.steps import Steps, build_steps
from vsslbox.errors import InputError, InputTypeError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['AugmentViews']


@TRANSFORMS.register_module()
class AugmentViews(BaseTransform):
    """Run transforms over the frames of views; each view has draws of its own.

    Required keys: ``views`` (with frames), ``rng``. Modified: ``views``, in place.

    Args:
        transforms: Configs of view transforms in the order in which they run, as a list or by name.
        views: Names of the views to augment; None means all.
    """

    def __init__(self, transforms: Steps, views: Sequence[str] | None = None) -> None:
        self.transforms = build_steps(transforms)
        self.views = views
        for transform in self.transforms:
            if not isinstance(transform, (ViewTransform, Defer)):
                raise InputTypeError(
                    'AugmentViews takes transforms of views (subclasses of ViewTransform, or '
                    f'Defer), got {type(transform).__module__}.{type(transform).__name__}'
                )

    def transform(self, results: dict) -> dict:
        """Augment the chosen views."""
        for view in self._chosen(results['views']):
            if view.frames is None:
                raise InputError(
                    f'view {view.name!r} has no frames yet: put DecodeViews before AugmentViews'
                )
            for transform in self.transforms:
                transform(view, results['rng'])
        return results

    def _chosen(self, views: list[View]) -> list[View]:
        if self.views is None:
            return views
        present = [view.name for view in views]
        missing = [name for name in self.views if name not in present]
        if missing:
            raise InputError(
                f'AugmentViews(views={list(self.views)}): there is no view {missing}; the sampler '
                f'made {present}'
            )
        return [view for view in views if view.name in self.views]
