"""Metrics: over the features of a query set and a gallery, and over predictions."""

from vsslbox.evaluation.metrics.ava_metric import AVAMetric
from vsslbox.evaluation.metrics.knn_metric import KNNMetric
from vsslbox.evaluation.metrics.linear_probe_metric import LinearProbeMetric
from vsslbox.evaluation.metrics.linear_svm_metric import LinearSVMMetric
from vsslbox.evaluation.metrics.localization_metric import LocalizationMetric
from vsslbox.evaluation.metrics.readout_metric import ReadoutMetric
from vsslbox.evaluation.metrics.report_card_metric import ReportCardMetric
from vsslbox.evaluation.metrics.retrieval_metric import RetrievalMetric

__all__ = [
    'AVAMetric',
    'KNNMetric',
    'LinearProbeMetric',
    'LinearSVMMetric',
    'LocalizationMetric',
    'ReadoutMetric',
    'ReportCardMetric',
    'RetrievalMetric',
]
