"""The accuracy of a classifier that has few labels."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet
from vsslbox.evaluation.functional import mean_interval
from vsslbox.evaluation.metrics.classifier_metric import ClassifierMetric
from vsslbox.evaluation.metrics.feature_metric import FeatureMetric
from vsslbox.registry import METRICS

__all__ = ['LowShotMetric']


@METRICS.register_module()
class LowShotMetric(FeatureMetric):
    """The accuracy that n labels of each class give, averaged over random draws of them.

    A draw puts the videos of each class of the gallery in random order, and the first n of them
    train: the labels of a smaller n are among those of a larger one. The draws depend on the
    gallery's labels and the seed alone, so that all features are evaluated by the same ones. A
    class with fewer than n videos gives all it has, as in SEVERE. Numbers for which every class
    does so are left out: nothing is drawn, and the classifier has the whole gallery.

    Source: the protocols of SEVERE (Thoker et al., 2022), which fine-tunes on one such draw, and
    of V-JEPA (Bardes et al., 2024), which averages three of a share of each class.

    Args:
        labels: See :class:`FeatureMetric`.
        shots: The values of n.
        draws: The number of draws.
        classifier: The config of the :class:`ClassifierMetric` that learns, without its labels.
        seed: The seed of the draws.

    Raises:
        InputError: A number is not positive, or the classifier is none of features.
    """

    protocol = 'low_shot'
    needs_gallery = True
    only_by_name = True

    def __init__(
        self,
        labels: Sequence[str] = ('label',),
        shots: Sequence[int] = (1, 2, 5, 10, 20),
        draws: int = 20,
        classifier: dict[str, Any] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(labels)
        if isinstance(shots, int) or not shots or min(shots) < 1:
            raise InputError(
                f'shots of LowShotMetric must be positive integers such as (1, 5), got {shots!r}'
            )
        if draws < 2:
            raise InputError(f'draws of LowShotMetric must be 2 or more, got {draws}')
        self.shots = sorted(set(shots))
        self.draws = draws
        self.classifier = METRICS.build(dict(classifier or dict(type='LinearProbeMetric')))
        if not isinstance(self.classifier, ClassifierMetric) or self.classifier.needs_tokens:
            raise InputError(
                f'classifier of LowShotMetric must classify features, such as LinearProbeMetric or '
                f'KNNMetric, got {type(self.classifier).__name__}'
            )
        self.seed = seed
        self._fewer: dict[str, int] = {}
        self._notes: dict[str, str] = {}

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute ``low_shot/LABEL/N_per_class`` in percent."""
        return self.summarize(self.outcomes(queries, gallery))

    def outcomes(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, Tensor]:
        """Return whether each query is predicted right after each draw, ``[Q, D]``."""
        found = {}
        for label in self.labels:
            wanted, known = queries.column(label), gallery.column(label)
            sizes = Counter(known).values()
            for shots in self._possible(known):
                name = _name(label, shots)
                rights = torch.zeros(len(queries), self.draws, dtype=torch.float64)
                for draw in range(self.draws):
                    few = gallery.rows(self._drawn(known, shots, draw))
                    predicted = self.classifier.predict(queries, few, label)
                    right = [a == b for a, b in zip(predicted, wanted, strict=True)]
                    rights[:, draw] = torch.tensor(right)
                found[name] = rights
                fewer = sum(size < shots for size in sizes)
                self._fewer[name] = max(fewer, self._fewer.get(name, 0))
        return found

    def summarize(self, outcomes: dict[str, Tensor]) -> dict[str, float]:
        """Compute the means over queries and draws, in percent."""
        for name, rights in outcomes.items():
            values = 100 * rights.nanmean(dim=0).numpy()
            low, high = mean_interval(values)
            self._notes[name] = (
                f'the mean of {len(values)} draws, whose standard deviation is '
                f'{values.std(ddof=1):.1f} points; 95 % interval over draws {low:.1f} to {high:.1f}'
            )
            if fewer := self._fewer.get(name):
                self._notes[name] += (
                    f'; classes with fewer videos in the gallery, which give all: {fewer}'
                )
        return super().summarize(outcomes)

    def chance(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Return what a classifier without information reaches: to it, all classes are alike."""
        values = {}
        for label in self.labels:
            known = gallery.column(label)
            classes = set(known)
            answerable = sum(value in classes for value in queries.column(label)) / len(queries)
            for shots in self._possible(known):
                values[_name(label, shots)] = 100 * answerable / len(classes)
        return values

    def obstacle(self, queries: FeatureSet, gallery: FeatureSet) -> str:
        """Return why there is nothing to draw; empty if there is."""
        for label in self.labels:
            if not self._possible(gallery.column(label)):
                return f'no class of {label!r} has more than {self.shots[0]} videos in the gallery'
        return ''

    def notes(self) -> dict[str, str]:
        """Return how far the draws differ, and how many classes have fewer videos."""
        return self._notes

    def _possible(self, labels: list) -> list[int]:
        """Return the numbers of labels that some class of a gallery has more of."""
        most = max(Counter(labels).values())
        return [shots for shots in self.shots if shots < most]

    def _drawn(self, labels: list, shots: int, draw: int) -> list[int]:
        """Return the numbers of the videos of a draw, in the order of the gallery."""
        order = np.random.default_rng((self.seed, draw)).permutation(len(labels))
        taken: Counter = Counter()
        drawn = []
        for number in order.tolist():
            if taken[labels[number]] < shots:
                taken[labels[number]] += 1
                drawn.append(number)
        return sorted(drawn)


def _name(label: str, shots: int) -> str:
    return f'low_shot/{label}/{shots}_per_class'
