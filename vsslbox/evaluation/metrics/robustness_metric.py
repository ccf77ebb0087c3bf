"""Robustness to corruptions."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from vsslbox.datasets.corruptions import CORRUPTIONS
from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet
from vsslbox.evaluation.metrics.treated_classifier_metric import (
    TreatedClassifierMetric,
    equal_values,
)
from vsslbox.registry import METRICS

__all__ = ['RobustnessMetric']

KINDS = (
    'gaussian_noise',
    'motion_blur',
    'h264',
    'frame_rate',
    'occlusion',
    'brightness',
    'shake',
    'packet_loss',
)
SEVERITIES = 1, 2, 3, 4, 5


@METRICS.register_module()
class RobustnessMetric(TreatedClassifierMetric):
    """The accuracy on corrupted queries, by a classifier that knows the gallery as it is.

    The accuracy as the videos are, ``robustness/LABEL/clean``, for each kind and severity,
    ``robustness/LABEL/KIND/SEVERITY``, the mean of these, ``robustness/LABEL/mean``, and the mean
    relative drop, ``robustness/LABEL/relative_drop``: the mean of (A_clean - A) / A_clean over all
    kinds and severities, which is 1 - mean / A_clean, in percent; 0 if A_clean is 0.

    Source: one minus the relative robustness of arXiv 2207.01398, section 3, with the accuracy of a
    frozen backbone in place of that of a trained model. The corruptions and their parameters are in
    ``vsslbox/datasets/corruptions/kinds.py``.

    Args:
        kinds: The corruptions; see :class:`CorruptVideo`.
        severities: Of 0 (none) to 5.
        seed: The seed of the corruptions.
        kwargs: As for :class:`TreatedClassifierMetric`.

    Raises:
        InputError: There is no such kind or severity.
    """

    protocol = 'robustness'
    only_by_name = True

    def __init__(
        self,
        kinds: Sequence[str] = KINDS,
        severities: Sequence[int] = SEVERITIES,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check('kinds', kinds, list(CORRUPTIONS))
        _check('severities', severities, [0, *SEVERITIES])
        self.kinds, self.severities, self.seed = tuple(kinds), tuple(severities), seed

    def treatments(self) -> dict[str, list[dict]]:
        """Return the corruptions."""
        return {
            f'{kind}/{severity}': [
                dict(type='CorruptVideo', kind=kind, severity=severity, seed=self.seed)
            ]
            for kind in self.kinds
            for severity in self.severities
        }

    def outcomes(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, Tensor]:
        """Return whether each query is right, and of how many corruptions it is."""
        found = {}
        for label in self.labels:
            right = queries.column(label)
            clean, predicted = self.predictions(queries, gallery, label)
            corrupted = {name: equal_values(own, right) for name, own in predicted.items()}
            found[f'robustness/{label}/clean'] = equal_values(clean, right)
            found |= {f'robustness/{label}/{name}': own for name, own in corrupted.items()}
            found[f'robustness/{label}/mean'] = torch.stack(list(corrupted.values())).mean(dim=0)
        return found

    def summarize(self, outcomes: dict[str, Tensor]) -> dict[str, float]:
        """Compute the accuracies and the mean relative drop."""
        values = super().summarize(outcomes)
        for label in self.labels:
            clean, mean = (values[f'robustness/{label}/{name}'] for name in ('clean', 'mean'))
            drop = 100 * (1 - mean / clean) if clean else 0.0
            values[f'robustness/{label}/relative_drop'] = drop
        return values

    def chance(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Return the accuracy of features without information."""
        return {
            f'robustness/{label}/{name}': self.chance_of(queries, gallery, label)
            for label in self.labels
            for name in ('clean', *self.treatments(), 'mean')
        }


def _check(name: str, values: Sequence, known: list) -> None:
    is_list = isinstance(values, Sequence) and not isinstance(values, str)
    if not is_list or not values or not all(value in known for value in values):
        raise InputError(
            f'{name} of RobustnessMetric must be a list of {", ".join(map(str, known))}, got '
            f'{values!r}'
        )
