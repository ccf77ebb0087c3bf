"""Pure functions behind the metrics."""

from vsslbox.evaluation.functional.neighbour_search import nearest_neighbours
from vsslbox.evaluation.functional.neighbours import knn_vote, recall_at

__all__ = ['knn_vote', 'nearest_neighbours', 'recall_at']
