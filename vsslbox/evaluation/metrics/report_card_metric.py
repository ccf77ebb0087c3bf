"""All protocols that the data allows."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from mmengine.registry import Registry
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.evaluation.features.feature_set import FeatureSet
from vsslbox.evaluation.figures import Evaluated
from vsslbox.evaluation.metrics.feature_metric import FeatureMetric, join_treatments
from vsslbox.preparation.folds import Fold, group_folds
from vsslbox.registry import METRICS

__all__ = ['ReportCardMetric', 'registered_protocols']

FOLDS, REPEATS = 5, 3  # of a cross-validation
MANY = 2000  # videos, of which one division into folds is enough


@METRICS.register_module()
class ReportCardMetric(FeatureMetric):
    """Several metrics of the same features, each on every label, as far as the data allows.

    Where queries are their own gallery, a query does not find itself, and protocols that train are
    cross-validated: each fifth of the videos is predicted by the others, in whole groups of
    ``leave_out``. Of up to 2000 videos three such divisions are averaged.

    Args:
        protocols: The configs of metrics without their ``labels``, by the protocols' names.
        kwargs: As for :class:`FeatureMetric`. Protocols that search the gallery leave out the
            videos of the query's group, ``leave_out``; those that train on it are not possible if
            a group is on both sides.

    Attributes:
        queries: The features that were evaluated last.
        gallery: Their gallery.
        evaluation: Their values, and what each query contributes to them.
        impossible: What could not be evaluated, ``PROTOCOL/LABEL`` or ``PROTOCOL``, and why.
        needs_tokens: Whether one of the metrics does.
    """

    queries: FeatureSet
    gallery: FeatureSet

    def __init__(self, protocols: dict[str, dict], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.protocols = protocols
        self.evaluation = Evaluated({}, {})
        self.impossible: dict[str, str] = {}
        self._notes: dict[str, str] = {}
        self._metrics = {name: METRICS.build(dict(own)) for name, own in protocols.items()}
        self.needs_tokens = any(metric.needs_tokens for metric in self._metrics.values())

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute the values of all metrics, by their own names."""
        self.queries, self.gallery, self.impossible, self._notes = queries, gallery, {}, {}
        values: dict[str, float] = {}
        outcomes: dict[str, Tensor] = {}
        for protocol in self.protocols:
            for label in self._labels_of(protocol):
                reason = self._obstacle(protocol, label)
                if reason:
                    self.impossible[_key(protocol, label)] = reason
                else:
                    metric = self.build(protocol, label)
                    found = self._outcomes(metric, label)
                    values |= metric.summarize(found) if found else metric(queries, gallery)
                    outcomes |= found
                    self._notes |= metric.notes()
        self.evaluation = Evaluated.of(values, outcomes)
        return values

    def treatments(self) -> dict[str, list[dict]]:
        """Return the treatments that any of the metrics wants."""
        return join_treatments(self._metrics.values())

    def notes(self) -> dict[str, str]:
        """Return the notes of all metrics."""
        return self._notes

    def chances(self) -> dict[str, float]:
        """Return what features without information reach on the videos evaluated last."""
        chances: dict[str, float] = {}
        for protocol in self.protocols:
            for label in self._evaluated(protocol):
                chances |= self.build(protocol, label).chance(self.queries, self.gallery)
        return chances

    def neutral_values(self) -> list[str]:
        """Return the values of which neither more nor less is better."""
        ends = {name: metric.neutral for name, metric in self._metrics.items()}
        return [
            name
            for name in self.evaluation.values
            if name.rpartition('/')[2] in ends.get(name.partition('/')[0], ())
        ]

    def _outcomes(self, metric: FeatureMetric, label: str | None) -> dict[str, Tensor]:
        """Return what each query contributes to the values, by cross-validation if needed."""
        is_divided = metric.needs_gallery and self.gallery is self.queries
        if label is None or not is_divided:
            return metric.outcomes(self.queries, self.gallery)
        divisions = [
            [
                (fold.test, metric.outcomes(*map(self.queries.rows, (fold.test, fold.train))))
                for fold in self._folds(label, seed)
            ]
            for seed in range(REPEATS if len(self.queries) <= MANY else 1)
        ]
        return {
            name: torch.stack([self._whole(name, folds) for folds in divisions]).mean(0)
            for name in divisions[0][0][1]
            if all(name in found for folds in divisions for _, found in folds)
        }

    def _folds(self, label: str, seed: int) -> list[Fold]:
        numbers = map(str, self.queries.numbers())  # their order decides how folds are drawn
        groups = self.queries.column(self.leave_out) if self.leave_out else list(numbers)
        return group_folds(self.queries.column(label), groups, FOLDS, seed)

    def _whole(self, name: str, folds: list[tuple[list[int], dict[str, Tensor]]]) -> Tensor:
        """Join the outcomes of all folds, ``[Q]`` or ``[Q, D]``."""
        draws = folds[0][1][name].shape[1:]
        whole = torch.full((len(self.queries), *draws), torch.nan, dtype=torch.float64)
        for rows, found in folds:
            whole[rows] = found[name]
        return whole

    def trained(self, queries: FeatureSet, gallery: FeatureSet) -> list[str]:
        """Return the protocols that train on the gallery, none if it has all queries."""
        if queries.shared_with(gallery) == len(queries):
            return []
        return [protocol for protocol in self.protocols if self._needs_gallery(protocol)]

    def _needs_gallery(self, protocol: str) -> bool:
        return self._metrics[protocol].needs_gallery

    def evaluated(self, protocol: str) -> list[str]:
        """Return the labels that a protocol was evaluated on."""
        return [label for label in self._evaluated(protocol) if label is not None]

    def _evaluated(self, protocol: str) -> list[str | None]:
        if protocol not in self.protocols:
            return []
        labels = self._labels_of(protocol)
        return [label for label in labels if _key(protocol, label) not in self.impossible]

    def _labels_of(self, protocol: str) -> Sequence[str | None]:
        """Return the labels to evaluate a protocol on, one of None if it predicts none."""
        return self.labels if self._metrics[protocol].by_label else (None,)

    def build(self, protocol: str, label: str | None) -> FeatureMetric:
        """Build the metric of a protocol on one label, for the features evaluated last."""
        metric = dict(self.protocols[protocol])
        if label is not None:
            metric['labels'] = (label,)
        alone = 'name' if self.gallery is self.queries else None
        leave_out = metric.get('leave_out') or self.leave_out or alone
        if leave_out and not self._needs_gallery(protocol):
            metric['leave_out'] = leave_out
        elif self.leave_out and self._metrics[protocol].divides_gallery:
            metric['leave_out'] = self.leave_out
        return METRICS.build(metric)

    def _has_other_groups(self, group: str) -> bool:
        return len({*self.queries.column(group), *self.gallery.column(group)}) > 1

    def _groups_on_both_sides(self) -> list:
        group = self.leave_out
        if group is None:
            return []
        groups = (set(videos.column(group)) for videos in (self.queries, self.gallery))
        return sorted(set.intersection(*groups), key=str)

    def _obstacle(self, protocol: str, label: str | None) -> str:
        """Return why the data does not allow a protocol; empty if it does."""
        if label is None:
            return self.build(protocol, label).obstacle(self.queries, self.gallery)
        alone = self.gallery is self.queries
        try:
            wanted, known = set(self.queries.column(label)), set(self.gallery.column(label))
        except InputError as error:
            return str(error)
        if len(known) < 2:
            return 'all videos of the gallery have the same label'
        if self._needs_gallery(protocol):
            reason = (
                self._obstacle_of_folds(protocol, label) if alone else self._obstacle_of_gallery()
            )
            if reason:
                return reason
        if self.leave_out and not self._has_other_groups(self.leave_out):
            return f'all videos have the same {self.leave_out!r}, so that no query has a candidate'
        if alone and len(known) == len(self.gallery):
            return 'no video has the label of another one'
        if not wanted & known:
            one, other = (videos.column(label)[0] for videos in (self.queries, self.gallery))
            return (
                f'no query has a label of the gallery: the first query is of {one!r}, the first '
                f'video of the gallery of {other!r}'
            )
        return self.build(protocol, label).obstacle(self.queries, self.gallery)

    def _obstacle_of_folds(self, protocol: str, label: str) -> str:
        if type(self.build(protocol, label)).outcomes is FeatureMetric.outcomes:
            return 'there is no gallery to train on, and without `outcomes` no cross-validation'
        try:
            self._folds(label, seed=0)
        except InputError as error:
            return f'there is no gallery to train on, and {error}'
        return ''

    def _obstacle_of_gallery(self) -> str:
        if self.queries.shared_with(self.gallery) == len(self.queries):
            return 'all queries are in the gallery, which it would train on'
        if both := self._groups_on_both_sides():
            more = f' and {len(both) - 1} more' if both[1:] else ''
            return (
                f'the gallery, on which it would train, has values of {self.leave_out!r} that '
                f'queries have: {both[0]!r}{more}'
            )
        return ''


def _key(protocol: str, label: str | None) -> str:
    return protocol if label is None else f'{protocol}/{label}'


def registered_protocols() -> dict[str, str]:
    """Return the ``type`` of every registered metric that names a protocol, by the protocol.

    Raises:
        InputError: Two metrics name the same protocol.
    """
    METRICS.import_from_location()
    types: dict[str, str] = {}
    for type_, cls in _registered(METRICS):
        protocol = vars(cls).get('protocol') if issubclass(cls, FeatureMetric) else None
        if not protocol:
            continue
        first = types.setdefault(protocol, type_)
        if METRICS.get(first) is not cls:
            raise InputError(
                f'{first} and {type_} both name the protocol {protocol!r}: give one of them '
                'another `protocol`'
            )
    return types


def _registered(registry: Registry, prefix: str = '') -> Iterator[tuple[str, type]]:
    """Yield the names and classes of a registry and of the registries below it."""
    for name, cls in registry.module_dict.items():
        if isinstance(cls, type):
            yield f'{prefix}{name}', cls
    for scope, child in registry.children.items():
        yield from _registered(child, f'{scope}.')
