"""Classification by the nearest class mean."""

import torch
import torch.nn.functional as F

from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.features import as_ids
from vsslbox.evaluation.metrics import ClassifierMetric
from vsslbox.registry import METRICS

__all__ = ['NearestMeanMetric']


@METRICS.register_module()
class NearestMeanMetric(ClassifierMetric):
    """The accuracy of assigning each query to the class with the nearest mean in the gallery.

    Features and means are scaled to unit length, so that the nearest mean is the one with the
    greatest cosine similarity.

    Source: Mensink et al., "Distance-Based Image Classification: Generalizing to New Classes at
    Near-Zero Cost", IEEE TPAMI 2013, the nearest class mean classifier; with cosine similarity
    instead of a learned distance.

    Args:
        labels: See :class:`FeatureMetric`.
    """

    protocol = 'nearest_mean'
    needs_gallery = True

    def __init__(self, labels: tuple[str, ...] = ('label',)) -> None:
        super().__init__(labels)

    def predict(self, queries: FeatureSet, gallery: FeatureSet, label: str) -> list:
        """Return the value of a column that each query is assigned."""
        column = gallery.column(label)
        classes = list(dict.fromkeys(column))  # in the order of their ids
        (ids,) = as_ids(column)
        units = F.normalize(gallery.features, dim=1)
        sums = units.new_zeros(len(classes), units.shape[1]).index_add_(0, ids, units)
        similarities = F.normalize(queries.features, dim=1) @ F.normalize(sums, dim=1).T
        return [classes[number] for number in torch.argmax(similarities, dim=1).tolist()]
