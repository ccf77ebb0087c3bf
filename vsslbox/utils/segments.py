"""Segments of time: start and end, in one unit, whichever it is."""

import numpy as np

__all__ = ['segment_iou', 'soft_nms']


def segment_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection over union of all pairs of segments.

    Args:
        first: ``[n, 2]``.
        second: ``[m, 2]``.

    Returns:
        ``[n, m]``; 0 where both segments are empty.
    """
    start, end = first[:, None, 0], first[:, None, 1]
    inside = (np.minimum(end, second[:, 1]) - np.maximum(start, second[:, 0])).clip(min=0)
    # In this order of operations, so that what lies on a threshold is rounded as in mmaction2.
    union = (end - start) - inside + second[:, 1] - second[:, 0]
    return np.divide(inside, union, out=np.zeros(union.shape), where=union > 0)


def soft_nms(
    segments: np.ndarray,
    scores: np.ndarray,
    alpha: float,
    low_threshold: float,
    high_threshold: float,
    top_k: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Choose the best segments one after the other; those that overlap one much lose score by it.

    After a segment of length ``w`` is chosen, every other one whose IoU with it is above
    ``low_threshold + (high_threshold - low_threshold) * w`` has its score multiplied by
    ``exp(-IoU^2 / alpha)``.

    Source: Bodla et al., arXiv:1704.04503; for segments of time: Lin et al., "BMN",
    arXiv:1907.09702, section 3.4; the thresholds by mmaction2.

    Args:
        segments: ``[n, 2]``, as shares of the video's length.
        scores: ``[n]``.
        alpha: The smaller, the more score is lost.
        low_threshold: For a segment of no length.
        high_threshold: For one as long as the video.
        top_k: How many to choose, at most.

    Returns:
        Segments ``[k, 2]`` and their scores ``[k]``, the best first.
    """
    scores, left = scores.copy(), np.ones(len(scores), dtype=bool)
    chosen = []
    for _ in range(min(top_k, len(scores))):
        best = int(np.where(left, scores, -np.inf).argmax())
        chosen.append(best)
        left[best] = False
        iou = segment_iou(segments[[best]], segments)[0]
        width = segments[best, 1] - segments[best, 0]
        near = left & (iou > low_threshold + (high_threshold - low_threshold) * width)
        scores[near] *= np.exp(-np.square(iou[near]) / alpha)
    return segments[chosen], scores[chosen]
