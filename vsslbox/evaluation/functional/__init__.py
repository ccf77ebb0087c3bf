"""Pure functions behind the metrics."""

from vsslbox.evaluation.functional.alignment import cycle_consistency, kendall_tau
from vsslbox.evaluation.functional.copy_detection import CopyRanking
from vsslbox.evaluation.functional.embedding_health import (
    effective_rank,
    embedding_health,
    spread,
)
from vsslbox.evaluation.functional.frame_ap import frame_average_precision
from vsslbox.evaluation.functional.intervals import (
    group_bootstrap_interval,
    mean_interval,
    sign_flip_test,
    sign_flip_tests,
    widened_interval,
    wilson_interval,
)
from vsslbox.evaluation.functional.linear_svm import fit_linear_svm
from vsslbox.evaluation.functional.localization import (
    THRESHOLDS,
    Detection,
    average_recall,
    detection_average_precision,
)
from vsslbox.evaluation.functional.neighbour_search import nearest_neighbours
from vsslbox.evaluation.functional.neighbours import chance_of_hit, knn_vote
from vsslbox.evaluation.functional.shared_ranks import holm_correction, shared_ranks
from vsslbox.evaluation.functional.unit_length import unit_rows

__all__ = [
    'THRESHOLDS',
    'CopyRanking',
    'Detection',
    'average_recall',
    'chance_of_hit',
    'cycle_consistency',
    'detection_average_precision',
    'effective_rank',
    'embedding_health',
    'fit_linear_svm',
    'frame_average_precision',
    'group_bootstrap_interval',
    'holm_correction',
    'kendall_tau',
    'knn_vote',
    'mean_interval',
    'nearest_neighbours',
    'shared_ranks',
    'sign_flip_test',
    'sign_flip_tests',
    'spread',
    'unit_rows',
    'widened_interval',
    'wilson_interval',
]
