"""Metrics of the features of a query set and a gallery, and metrics of predictions."""

from vsslbox.evaluation.metrics.alignment_metric import AlignmentMetric
from vsslbox.evaluation.metrics.attentive_probe_metric import AttentiveProbeMetric
from vsslbox.evaluation.metrics.ava_metric import AVAMetric
from vsslbox.evaluation.metrics.classifier_metric import ClassifierMetric
from vsslbox.evaluation.metrics.copies_metric import CopiesMetric
from vsslbox.evaluation.metrics.feature_metric import FeatureMetric, check_labels, join_treatments
from vsslbox.evaluation.metrics.knn_metric import KNNMetric
from vsslbox.evaluation.metrics.linear_probe_metric import LinearProbeMetric
from vsslbox.evaluation.metrics.linear_svm_metric import LinearSVMMetric
from vsslbox.evaluation.metrics.localization_metric import LocalizationMetric
from vsslbox.evaluation.metrics.low_shot_metric import LowShotMetric
from vsslbox.evaluation.metrics.predictions_file import PredictionsFile
from vsslbox.evaluation.metrics.probes_metric import ProbesMetric
from vsslbox.evaluation.metrics.readout_metric import ReadoutMetric
from vsslbox.evaluation.metrics.report_card_metric import ReportCardMetric, registered_protocols
from vsslbox.evaluation.metrics.retrieval_metric import RetrievalMetric
from vsslbox.evaluation.metrics.robustness_metric import RobustnessMetric
from vsslbox.evaluation.metrics.temporal_metric import TemporalMetric
from vsslbox.evaluation.metrics.treated_classifier_metric import TreatedClassifierMetric

__all__ = [
    'AVAMetric',
    'AlignmentMetric',
    'AttentiveProbeMetric',
    'ClassifierMetric',
    'CopiesMetric',
    'FeatureMetric',
    'KNNMetric',
    'LinearProbeMetric',
    'LinearSVMMetric',
    'LocalizationMetric',
    'LowShotMetric',
    'PredictionsFile',
    'ProbesMetric',
    'ReadoutMetric',
    'ReportCardMetric',
    'RetrievalMetric',
    'RobustnessMetric',
    'TemporalMetric',
    'TreatedClassifierMetric',
    'check_labels',
    'join_treatments',
    'registered_protocols',
]
