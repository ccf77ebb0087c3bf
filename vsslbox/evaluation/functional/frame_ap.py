"""Average precision of boxes in single frames."""

from collections.abc import Iterable, Mapping

import numpy as np
from mmaction.evaluation.functional.ava_evaluation import np_box_ops

__all__ = ['frame_average_precision']

Boxes = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Boxes ``[n, 4]`` (left, top, right, bottom), their classes ``[n]`` and their scores ``[n]``."""


def frame_average_precision(
    truth: Mapping[str, Boxes],
    detections: Mapping[str, Boxes],
    classes: Iterable[int],
    min_iou: float = 0.5,
) -> dict[int, float]:
    """Compute the PASCAL average precision of each class, as AVA's official evaluation does.

    A detection is matched to the annotated box of its class and frame that it overlaps most. It is
    right if the overlap is at least ``min_iou`` and no right detection of a higher score has the
    same match. The result is the area under the precision, which is made to fall with recall.
    Detections in frames without annotation are wrong, and a class that is never detected has the
    precision 0.

    mmaction2's ``ava_eval`` differs: it evaluates annotated frames only, counts the annotations of
    excluded frames, and averages over the classes that were detected at least once.

    Args:
        truth: The annotations by frame; their scores are not used.
        detections: The detections by frame.
        classes: The classes to evaluate.
        min_iou: The least intersection over union of a right detection.

    Returns:
        Values in [0, 1] by class, for the classes with an annotation.
    """
    columns = [(np.zeros(0, int), np.zeros(0), np.zeros(0, bool))]
    nothing = (np.zeros((0, 4)), np.zeros(0, int), np.zeros(0))
    for frame, found in detections.items():
        columns.append((*found[1:], _right(truth.get(frame, nothing), found, min_iou)))
    labels, scores, right = (np.concatenate(column) for column in zip(*columns))
    annotated = np.concatenate([np.zeros(0, int), *(labels for _, labels, _ in truth.values())])
    values = {}
    for class_id in sorted(classes):
        total, own = int((annotated == class_id).sum()), labels == class_id
        if total:
            values[class_id] = _average_precision(scores[own], right[own], total)
    return values


def _right(truth: Boxes, found: Boxes, min_iou: float) -> np.ndarray:
    """Return which detections of a frame are right, ``[n]``."""
    (true_boxes, true_labels, _), (boxes, labels, scores) = truth, found
    right = np.zeros(len(boxes), bool)
    if not (len(boxes) and len(true_boxes)):
        return right
    overlaps = np_box_ops.iou(boxes, true_boxes)
    overlaps[labels[:, None] != true_labels[None]] = -1
    nearest = overlaps.argmax(1)
    by_score = np.argsort(-scores, kind='stable')
    hits = by_score[overlaps.max(1)[by_score] >= min_iou]
    _, first = np.unique(nearest[hits], return_index=True)
    right[hits[first]] = True
    return right


def _average_precision(scores: np.ndarray, right: np.ndarray, total: int) -> float:
    hits = np.cumsum(right[np.argsort(-scores, kind='stable')])
    precision = hits / np.arange(1, len(hits) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float((falling * np.diff(hits, prepend=0)).sum() / total)
