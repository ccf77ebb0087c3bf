"""The contract of metrics that evaluate features."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar

from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet

__all__ = ['FeatureMetric', 'check_labels', 'join_treatments']


class FeatureMetric(ABC):
    """Evaluates the features of a query set with those of a gallery.

    A registered class that sets ``protocol`` in its own body is a protocol of the report card; a
    subclass does not inherit this. The names of its values are ``PROTOCOL/LABEL/...``, and it
    accepts ``labels`` and, unless it needs a gallery, ``leave_out``. Values that are shares of
    queries should have :meth:`outcomes` and :meth:`chance` too: the report card computes intervals
    and compares with other features by them.

    Args:
        labels: The columns of the list to predict, one result each.
        leave_out: A column, such as one that names the scene; candidates that share the query's
            value in it are left out. Without one, a query that is in the gallery too is left out.

    Attributes:
        protocol: The name of the protocol in the report card; '' for none.
        needs_gallery: Whether it trains on the gallery, so that queries cannot be their own.
        needs_tokens: Whether it evaluates the tokens beside the features.
        divides_gallery: Whether it accepts ``leave_out`` though it needs a gallery, which it
            divides.
        neutral: The ends of the names of values of which neither more nor less is better, such as
            ``'similarity'``: they have no verdict but *more* or *less*, and no rank.
        only_by_name: Whether the report card evaluates it only if it is asked to, since it takes
            long or repeats others.
        by_label: Whether it predicts ``labels``. Otherwise the report card evaluates it once,
            whatever the labels, and it does not accept them.

    Raises:
        InputError: ``labels`` is not a list of columns.
    """

    protocol: ClassVar[str] = ''
    needs_gallery: bool = False
    needs_tokens: bool = False
    divides_gallery: bool = False
    neutral: ClassVar[tuple[str, ...]] = ()
    only_by_name: ClassVar[bool] = False
    by_label: ClassVar[bool] = True

    def __init__(self, labels: Sequence[str] = ('label',), leave_out: str | None = None) -> None:
        self.labels = check_labels(labels, type(self).__name__)
        self.leave_out = leave_out

    @abstractmethod
    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute the values by name; percentages unless the name says otherwise."""

    def outcomes(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, Tensor]:
        """Return what each query contributes to the values that are shares of queries.

        Returns:
            By the values' names, float64 ``[Q]`` in [0, 1]: 1 for a right query, 0 for a wrong one
            and NaN for one that does not count; or ``[Q, D]``, after each of D random draws that
            depend on the videos and their labels, not on the features.
        """
        return {}

    def summarize(self, outcomes: dict[str, Tensor]) -> dict[str, float]:
        """Compute the values from the outcomes, as :meth:`__call__` does."""
        return {name: 100 * rights.nanmean().item() for name, rights in outcomes.items()}

    def chance(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Return the values that features without information reach, in percent by name."""
        return {}

    def treatments(self) -> dict[str, list[dict]]:
        """Return how the queries are to be treated, beside being left as they are.

        Returns:
            By the name of each treatment, the configs of its steps; see :func:`treated_loader`.
            The features are in ``queries.treated``, by the same name.
        """
        return {}

    def obstacle(self, queries: FeatureSet, gallery: FeatureSet) -> str:
        """Return why it cannot evaluate these videos; empty if it can."""
        return ''

    def notes(self) -> dict[str, str]:
        """Return what is to be known of the values computed last, such as a choice, by name."""
        return {}

    def trained(self, queries: FeatureSet, gallery: FeatureSet) -> list[str]:
        """Return the names of what trains on the gallery to evaluate these queries."""
        return [self.protocol or type(self).__name__] if self.needs_gallery else []


def join_treatments(metrics: Iterable[FeatureMetric]) -> dict[str, list[dict]]:
    """Return the treatments that any of some metrics wants, by name.

    Raises:
        InputError: Two metrics have a name for different treatments.
    """
    joined: dict[str, list[dict]] = {}
    for metric in metrics:
        for name, steps in metric.treatments().items():
            if joined.setdefault(name, steps) != steps:
                raise InputError(
                    f'{type(metric).__name__} calls {name!r} another treatment than a metric '
                    f'before it, {steps} and {joined[name]}: evaluate them by two configs'
                )
    return joined


def check_labels(labels: Sequence[str], metric: str) -> tuple[str, ...]:
    """Return the columns that a metric is to predict.

    Args:
        labels: The metric's ``labels``.
        metric: The name of the metric, for the message.

    Raises:
        InputError: They are not a list of columns.
    """
    is_list = isinstance(labels, Sequence) and not isinstance(labels, str)
    if not is_list or not all(isinstance(label, str) for label in labels):
        example = [labels] if isinstance(labels, str) else ['label']
        raise InputError(f'`labels` of {metric} must be a list, such as {example}, got {labels!r}')
    return tuple(labels)
