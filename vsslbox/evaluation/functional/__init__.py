"""Pure functions behind the metrics."""

from vsslbox.evaluation.functional.neighbours import knn_vote, nearest_neighbours, recall_at

__all__ = ['knn_vote', 'nearest_neighbours', 'recall_at']
