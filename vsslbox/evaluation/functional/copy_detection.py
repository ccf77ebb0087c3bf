"""How well pairs of a copy and its source score above all other pairs."""

import numpy as np

__all__ = ['CopyRanking']


class CopyRanking:
    """The pairs of all queries and references in one list, ordered by score.

    Source: the descriptor track of VSC2022 (Pizzi et al., "The 2023 Video Similarity Dataset and
    Challenge", 2023). Pairs of equal score count as one step, as in its code.

    Args:
        scores: The score of each pair, ``[Q, R]``; minus infinity for none.
        sources: The number of each query's source among the references, int ``[Q]``; -1 for a
            query that is no copy. At least one has a source.
        videos: What the queries are made of, int ``[Q]`` from 0 to V - 1: several edits of one
            video are drawn again together. None if each is its own.
    """

    def __init__(
        self, scores: np.ndarray, sources: np.ndarray, videos: np.ndarray | None = None
    ) -> None:
        videos = np.arange(len(scores)) if videos is None else videos
        copies = np.flatnonzero(sources >= 0)
        own = scores[copies, sources[copies]]
        self._levels, level = np.unique(-own, return_inverse=True)  # the highest score first
        self._level, self._video = level, videos[copies]
        # Of each video, the number of wrong pairs that score as high as each right one.
        self._wrong = np.zeros((videos.max() + 1, len(self._levels)), np.float32)
        for query, video in enumerate(videos):
            wrong = (
                np.delete(scores[query], sources[query]) if sources[query] >= 0 else scores[query]
            )
            self._wrong[video] += np.searchsorted(np.sort(-wrong), self._levels, side='right')

    def average_precision(self, weights: np.ndarray | None = None) -> float:
        """Compute the micro average precision: the sum of precision times the gain of recall.

        Args:
            weights: How often each video is drawn, ``[V]``; None for once.
        """
        precision, recall = self._curve(weights)
        return float((precision * np.diff(recall, prepend=0)).sum())

    def recall_at(self, least: float) -> float:
        """Return the share of copies that are found at a precision of at least ``least``."""
        precision, recall = self._curve(None)
        return float(recall[precision >= least].max(initial=0))

    def interval(self, level: float = 0.95, draws: int = 500, seed: int = 0) -> tuple[float, float]:
        """Compute the interval of the average precision by drawing videos again (percentiles).

        The references stay. Draws without a copy do not count.
        """
        rng = np.random.default_rng(seed)
        size = len(self._wrong)
        weights = rng.multinomial(size, np.full(size, 1 / size), size=draws)
        found = [self.average_precision(own) for own in weights if own[self._video].any()]
        low, high = np.percentile(found, [50 * (1 - level), 50 * (1 + level)])
        return float(low), float(high)

    def _curve(self, weights: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Return precision and recall down to the score of each copy."""
        weights = np.ones(len(self._wrong)) if weights is None else weights
        gains = np.bincount(self._level, weights[self._video], len(self._levels))
        right, wrong = gains.cumsum(), weights @ self._wrong
        return right / np.maximum(right + wrong, 1), right / right[-1]
