"""Recall and precision of segments of time, following ActivityNet's official evaluation."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from vsslbox.utils import segment_iou

__all__ = ['THRESHOLDS', 'Detection', 'average_recall', 'detection_average_precision']

THRESHOLDS = np.linspace(0.5, 0.95, 10)
MAX_PROPOSALS = 100  # a video, on average


class Detection(NamedTuple):
    """A segment that is predicted to show an activity."""

    video: str
    start: float
    end: float
    score: float


def average_recall(
    truth: Sequence[np.ndarray], proposals: Sequence[np.ndarray]
) -> tuple[np.ndarray, float]:
    """Compute the share of segments that are found, by the number of proposals: AR@AN.

    A segment is found by a proposal whose IoU with it reaches the threshold; recall is averaged
    over ten thresholds from 0.5 to 0.95. The number of proposals is an average over the videos: a
    video with twice as many as the average contributes twice as many.

    Args:
        truth: The segments of each video, ``[g, 2]``; videos without any are left out.
        proposals: The proposals for each video, ``[n, 3]``: start, end, score.

    Returns:
        Recall for 1 to 100 proposals a video, ``[100]``, and the area under this curve; both in
        [0, 1].
    """
    annotated = [(t, p) for t, p in zip(truth, proposals, strict=True) if len(t)]
    num_videos, total = len(annotated), sum(len(p) for _, p in annotated)
    if not total:
        return np.zeros(MAX_PROPOSALS), 0.0
    ratio = MAX_PROPOSALS * num_videos / total
    overlaps = [_overlaps(segments, found, ratio) for segments, found in annotated]
    retrieved = sum(iou.shape[1] for iou in overlaps)
    # Rounding down makes 28 of 29 proposals, as in the official evaluation.
    shares = np.arange(1, 101) / 100.0 * (MAX_PROPOSALS * num_videos / max(retrieved, 1))
    found = np.zeros((len(THRESHOLDS), MAX_PROPOSALS))
    for iou in overlaps:
        numbers = np.minimum((iou.shape[1] * shares).astype(int), iou.shape[1])
        best_so_far = np.maximum.accumulate(np.pad(iou, ((0, 0), (1, 0))), axis=1)
        reached = best_so_far[:, numbers]  # [g, 100]
        found += (reached >= THRESHOLDS[:, None, None]).sum(axis=1)
    recall = found.mean(axis=0) / sum(len(segments) for segments, _ in annotated)
    numbers = shares * (retrieved / num_videos)
    area = ((recall[1:] + recall[:-1]) / 2 * np.diff(numbers)).sum()
    return recall, float(area / numbers[-1])


def _overlaps(segments: np.ndarray, proposals: np.ndarray, ratio: float) -> np.ndarray:
    """Compute the IoU ``[g, n]`` of segments with a share of the proposals, the best first."""
    order = np.argsort(-proposals[:, 2], kind='stable')[: int(len(proposals) * ratio)]
    return segment_iou(segments, proposals[order, :2])


def detection_average_precision(
    truth: Mapping[str, np.ndarray], detections: Sequence[Detection]
) -> np.ndarray:
    """Compute the interpolated average precision of an activity's detections at ten thresholds.

    A detection is right if its IoU with a segment of the video reaches the threshold and no better
    detection has matched that segment. Detections with equal scores keep their order in the list.

    Args:
        truth: The segments ``[g, 2]`` of the activity by video, at least one in all.
        detections: All detections of the activity.

    Returns:
        ``[10]``, in [0, 1].
    """
    detections = sorted(detections, key=lambda detection: -detection.score)
    right = np.zeros((len(THRESHOLDS), len(detections)))
    free = {video: np.ones((len(THRESHOLDS), len(s)), bool) for video, s in truth.items()}
    by_video = defaultdict(list)
    for rank, detection in enumerate(detections):
        if detection.video in truth:
            by_video[detection.video].append(rank)
    for video, ranks in by_video.items():
        found = np.array([detections[rank][1:3] for rank in ranks])
        for rank, iou in zip(ranks, segment_iou(found, truth[video])):
            open_iou = np.where(free[video], iou, -1)  # [10, g]
            best = open_iou.argmax(axis=1)
            hits = np.flatnonzero(open_iou.max(axis=1) >= THRESHOLDS)
            right[hits, rank] = 1
            free[video][hits, best[hits]] = False
    hits = right.cumsum(axis=1)
    precision = hits / np.arange(1, len(detections) + 1)
    falling = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    return (falling * right).sum(axis=1) / sum(map(len, truth.values()))
