"""Segments of time, as start and end in any one unit."""

import numpy as np

__all__ = ['segment_iou', 'soft_nms']


def segment_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Compute the intersection over union of all pairs of segments.

    Args:
        first: ``[n, 2]``.
        second: ``[m, 2]``.

    Returns:
        ``[n, m]``; 0 where both segments are empty.
    """
    start, end = first[:, None, 0], first[:, None, 1]
    inside = (np.minimum(end, second[:, 1]) - np.maximum(start, second[:, 0])).clip(min=0)
    # This order of operations rounds as mmaction2 does, which matters for values on a threshold.
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
    """Choose the best segments one after the other, and lower the scores of those they overlap.

    After a segment of length ``w`` is chosen, every other segment whose IoU with it is above
    ``low_threshold + (high_threshold - low_threshold) * w`` has its score multiplied by
    ``exp(-IoU^2 / alpha)``.

    Source: Bodla et al., arXiv:1704.04503; for segments of time: Lin et al., "BMN",
    arXiv:1907.09702, section 3.4; the thresholds follow mmaction2.

    Args:
        segments: ``[n, 2]``, as fractions of the video's length.
        scores: ``[n]``.
        alpha: A smaller value lowers scores more.
        low_threshold: The IoU threshold for a segment of zero length.
        high_threshold: The IoU threshold for a segment as long as the video.
        top_k: The largest number of segments to choose.

    Returns:
        The segments ``[k, 2]`` and their scores ``[k]``, best first.
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
