"""How well features order the moments of an action."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet
from vsslbox.evaluation.functional import cycle_consistency, kendall_tau, unit_rows
from vsslbox.evaluation.metrics.feature_metric import FeatureMetric, check_labels
from vsslbox.registry import METRICS

__all__ = ['AlignmentMetric']

PARTNERS = 50  # the most videos that a query is aligned with


@METRICS.register_module()
class AlignmentMetric(FeatureMetric):
    """How well the moments of videos of one class correspond, by features of sliding clips.

    Each query is cut into overlapping spans, its moments, of which features are extracted as of
    whole videos. For each moment the nearest one in another query of the same class is found, by
    cosine similarity. ``alignment/LABEL/order`` is the share of pairs of moments whose nearest ones
    are in the same order, ties counting one half, and ``alignment/LABEL/tau`` Kendall's tau, in
    hundredths, 2 order - 100. ``alignment/LABEL/cycle`` is the share of moments that are the
    nearest of their nearest. All are means over the other videos of the class (the next 50 of the
    list at most), then over queries.

    Actions that repeat within a video have no one order: their tau is low for good features too.

    Source: Dwibedi et al., "Temporal Cycle-Consistency Learning" (CVPR 2019), sections 3.1 and 4.2,
    whose features are of single frames.

    Args:
        labels: See :class:`FeatureMetric`. Only queries are aligned; the gallery has no part.
        leave_out: A column; queries that share its value are not aligned with each other.
        moments: The number of moments of a video.
        span: The length of a moment relative to that of the video. It should hold a clip.
        classes: The values of the columns that are aligned; None for all.

    Raises:
        InputError: There are fewer than two moments, or ``span`` is not within (0, 1).
    """

    protocol = 'alignment'
    only_by_name = True

    def __init__(
        self,
        labels: Sequence[str] = ('label',),
        leave_out: str | None = None,
        moments: int = 12,
        span: float = 0.4,
        classes: Sequence[str] | None = None,
    ) -> None:
        super().__init__(labels, leave_out)
        if moments < 2 or not 0 < span < 1:
            raise InputError(
                f'moments must be 2 or more and span within (0, 1), got {moments} and {span}'
            )
        self.moments = moments
        self.span = span
        self.classes = None if classes is None else {*check_labels(classes, 'AlignmentMetric')}

    def treatments(self) -> dict[str, list[dict]]:
        """Return the moments."""
        starts = torch.linspace(0, 1 - self.span, self.moments, dtype=torch.float64).tolist()
        return {
            f'moment {number} of {self.moments}, {self.span:g} long': [
                dict(type='RestrictToSpan', start=start, end=min(start + self.span, 1.0))
            ]
            for number, start in enumerate(starts, start=1)
        }

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute all values, in percent."""
        return self.summarize(self.outcomes(queries, gallery))

    def summarize(self, outcomes: dict[str, Tensor]) -> dict[str, float]:
        """Compute all values from the outcomes, Kendall's tau in hundredths."""
        values = super().summarize(outcomes)
        taus = {
            f'alignment/{label}/tau': 2 * values[self._names(label)[0]] - 100
            for label in self.labels
        }
        return values | taus

    def outcomes(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, Tensor]:
        """Return the shares of each query; NaN for one without a partner."""
        moments = torch.stack(
            [unit_rows(queries.under(name).features) for name in self.treatments()],
            dim=1,
        )
        found: dict[str, Tensor] = {}
        for label in self.labels:
            shares = torch.full((2, len(queries)), torch.nan, dtype=torch.float64)
            for query, others in self._partners(queries, label):
                similar = moments[query] @ moments[others].transpose(1, 2)
                shares[0, query] = (1 + kendall_tau(similar).mean()) / 2
                shares[1, query] = cycle_consistency(similar).mean()
            found |= dict(zip(self._names(label), shares, strict=True))
        return found

    def chance(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Return the order of features that have nothing to do with time.

        Their cycles depend on whether the moments have common neighbours.
        """
        return {f'alignment/{label}/order': 50.0 for label in self.labels}

    def obstacle(self, queries: FeatureSet, gallery: FeatureSet) -> str:
        """Return that no query has a partner, if so."""
        for label in self.labels:
            if next(self._partners(queries, label), None) is None:
                return f'no two queries can be aligned by {label!r}'
        return ''

    def _names(self, label: str) -> tuple[str, str]:
        return f'alignment/{label}/order', f'alignment/{label}/cycle'

    def _partners(self, queries: FeatureSet, label: str) -> Iterator[tuple[int, list[int]]]:
        """Yield each query that is aligned, and the queries that it is aligned with."""
        values = queries.column(label)
        groups = queries.column(self.leave_out) if self.leave_out else queries.numbers()
        of_class: dict = {}
        for number, value in enumerate(values):
            if self.classes is None or str(value) in self.classes:
                of_class.setdefault(value, []).append(number)
        for members in of_class.values():
            for place, query in enumerate(members):
                following = members[place + 1 :] + members[:place]
                others = [other for other in following if groups[other] != groups[query]]
                if others:
                    yield query, others[:PARTNERS]
