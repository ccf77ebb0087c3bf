"""The choice of strong augmentation in CoCLR."""

import numpy as np

from vsslbox.datasets.transforms.augmenting.augment_views import AugmentViews
from vsslbox.datasets.transforms.augmenting.view_transform import check_prob
from vsslbox.datasets.transforms.steps import Steps
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import View

__all__ = ['AugmentClipPair']


@TRANSFORMS.register_module()
class AugmentClipPair(AugmentViews):
    """Augment either view of the same clip, or each of two clips with a probability.

    Source: the code of Han et al., "Self-supervised Co-training for Video Representation Learning".

    Args:
        transforms: Configs of view transforms in the order in which they run, as a list or by name.
        prob: The probability with which each of two different clips is augmented.
    """

    def __init__(self, transforms: Steps, prob: float = 0.3) -> None:
        super().__init__(transforms)
        self.prob = check_prob(prob)

    def transform(self, results: dict) -> dict:
        """Augment the views that are drawn."""
        views, rng = results['views'], results['rng']
        if len(views) != 2:
            raise InputError(f'AugmentClipPair takes 2 views, got {[view.name for view in views]}')
        drawn, either = rng.random(2) < self.prob, rng.integers(2)
        if np.array_equal(views[0].frame_indices, views[1].frame_indices):
            drawn = np.arange(2) == either
        chosen: list[View] = [view for view, is_drawn in zip(views, drawn) if is_drawn]
        super().transform({**results, 'views': chosen})
        return results
