"""Sensitivity to the order of time."""

from torch import Tensor

from vsslbox.evaluation.features.feature_set import FeatureSet
from vsslbox.evaluation.functional import unit_rows
from vsslbox.evaluation.metrics.treated_classifier_metric import (
    TreatedClassifierMetric,
    equal_values,
)
from vsslbox.registry import METRICS

__all__ = ['TemporalMetric']

ORDERS = 'reversed', 'shuffled', 'frozen', 'dropped'


@METRICS.register_module()
class TemporalMetric(TreatedClassifierMetric):
    """How much features depend on time: clips reversed, shuffled, frozen, and with frames dropped.

    For the orders of :class:`RearrangeFrames`, the mean cosine similarity of a feature to that of
    the video as it is, ``temporal/LABEL/ORDER/similarity`` (100 for features that are blind to the
    order), the share of queries that are classified otherwise, ``.../flips``, and the accuracy,
    ``.../top1``, beside that of the videos as they are, ``temporal/LABEL/as_it_is/top1``. The
    classifier knows the videos as they are: a drop mixes the use of time with that of clips which
    look unlike all others.

    Source: shuffled frames as in Sevilla-Lara et al., "Only Time Can Tell" (WACV 2021), and a
    single one as in Huang et al., "What Makes a Video a Video" (CVPR 2018), for frozen features.

    Args:
        kwargs: As for :class:`TreatedClassifierMetric`.
    """

    protocol = 'temporal'
    only_by_name = True
    neutral = ('similarity', 'flips')

    def treatments(self) -> dict[str, list[dict]]:
        """Return the orders."""
        return {order: [dict(type='RearrangeFrames', order=order)] for order in ORDERS}

    def outcomes(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, Tensor]:
        """Return each query's similarity, whether its class changes, and whether it is right."""
        similar = {
            order: cosine_similarity(treated.features, queries.features)
            for order, treated in self.under(queries)
        }
        found = {}
        for label in self.labels:
            right = queries.column(label)
            plain, predicted = self.predictions(queries, gallery, label)
            found[f'temporal/{label}/as_it_is/top1'] = equal_values(plain, right)
            for order, own in predicted.items():
                name = f'temporal/{label}/{order}'
                found[f'{name}/similarity'] = similar[order]
                found[f'{name}/flips'] = 1 - equal_values(own, plain)
                found[f'{name}/top1'] = equal_values(own, right)
        return found

    def chance(self, queries: FeatureSet, gallery: FeatureSet) -> dict[str, float]:
        """Return the accuracy of features without information."""
        return {
            f'temporal/{label}/{order}/top1': self.chance_of(queries, gallery, label)
            for label in self.labels
            for order in ('as_it_is', *ORDERS)
        }


def cosine_similarity(rows: Tensor, others: Tensor) -> Tensor:
    """Compute 1 - |u - v|² / 2 of the unit vectors, exactly 1 of equal ones, float64 ``[N]``."""
    difference = unit_rows(rows) - unit_rows(others)
    return 1 - difference.square().sum(dim=1) / 2
