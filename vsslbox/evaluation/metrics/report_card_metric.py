"""All protocols that the data allows."""

from vsslbox.evaluation.features.feature_set import FeatureSet
from vsslbox.registry import METRICS

__all__ = ['ReportCardMetric']

# Protocols that train a classifier on the gallery.
TRAINED = ('LinearProbeMetric', 'LinearSVMMetric')


@METRICS.register_module()
class ReportCardMetric:
    """Several metrics of the same features, each on every label, as far as the data allows.

    Where queries are their own gallery, a query does not find itself.

    Args:
        protocols: The configs of metrics without their ``labels``, by the protocols' names.
        labels: The columns of the list that are to be predicted.

    Attributes:
        queries: The features that were judged last.
        gallery: The gallery to it.
        impossible: What could not be judged, ``PROTOCOL/LABEL``, and why.
    """

    def __init__(self, protocols: dict[str, dict], labels: tuple[str, ...] = ('label',)) -> None:
        self.protocols = protocols
        self.labels = labels
        self.queries: FeatureSet | None = None
        self.gallery: FeatureSet | None = None
        self.impossible: dict[str, str] = {}

    def __call__(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Compute the metrics, with their own names."""
        self.queries, self.gallery, self.impossible = queries, gallery, {}
        values: dict[str, float] = {}
        for protocol in self.protocols:
            for label in self.labels:
                reason = self._obstacle(protocol, label)
                if reason:
                    self.impossible[f'{protocol}/{label}'] = reason
                else:
                    values.update(self.build(protocol, label)(queries, gallery))
        return values

    def judged(self, protocol: str) -> list[str]:
        """The labels that a protocol was judged on."""
        if protocol not in self.protocols:
            return []
        return [label for label in self.labels if f'{protocol}/{label}' not in self.impossible]

    def build(self, protocol: str, label: str) -> object:
        """The metric of a protocol on one label, for the features that were judged last."""
        metric = dict(self.protocols[protocol], labels=(label,))
        if self.gallery is self.queries:
            metric['leave_out'] = metric.get('leave_out') or 'name'
        return METRICS.build(metric)

    def _obstacle(self, protocol: str, label: str) -> str:
        """Why the data does not allow a protocol; empty if it does."""
        alone = self.gallery is self.queries
        try:
            wanted, known = set(self.queries.column(label)), set(self.gallery.column(label))
        except ValueError as error:
            return str(error)
        if len(known) < 2:
            return 'all videos of the gallery have the same label'
        if alone and self.protocols[protocol]['type'] in TRAINED:
            return 'there is no gallery to train on'
        if alone and len(known) == len(self.gallery):
            return 'no video has the label of another one'
        if not wanted & known:
            one, other = (videos.column(label)[0] for videos in (self.queries, self.gallery))
            return (
                f'no query has a label of the gallery: the first query is of {one!r}, the first '
                f'video of the gallery of {other!r}'
            )
        return ''
