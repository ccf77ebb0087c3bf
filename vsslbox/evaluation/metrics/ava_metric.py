"""The mean average precision on AVA."""

from logging import FileHandler
from pathlib import Path
from typing import Any

import mmaction.evaluation
import numpy as np
from mmaction.evaluation.functional.ava_utils import (
    make_image_key,
    read_csv,
    read_exclusions,
    read_labelmap,
)
from mmengine.logging import MMLogger, print_log

from vsslbox.evaluation.functional.frame_ap import Boxes, frame_average_precision
from vsslbox.registry import METRICS

__all__ = ['AVAMetric']

# The groups of classes by their numbers, as in mmaction2.
GROUPS = dict(
    person_movement=range(1, 15),
    object_manipulation=range(15, 64),
    person_interaction=range(64, 81),
)


@METRICS.register_module()
class AVAMetric(mmaction.evaluation.AVAMetric):
    """mmaction2's ``AVAMetric`` with the rules of AVA's official evaluation.

    For the rules, see :func:`~vsslbox.evaluation.functional.frame_average_precision`. It needs
    neither NumPy 1 nor 32 processes. The detections are written in the official format to
    ``ava_detections.csv`` beside the log of the run; the stock metric writes to the current
    directory, where runs overwrite each other's file.

    The values are ``mAP/overall`` and those of three groups of classes, in [0, 1].

    Args:
        ann_file: The annotations.
        label_file: The classes to evaluate.
        exclude_file: Rows ``video,second`` of frames to leave out.
        data_root: The folder in which the files lie.
        kwargs: As for mmaction2's ``AVAMetric``.

    Raises:
        FileNotFoundError: A file does not exist.
    """

    def __init__(
        self,
        ann_file: str,
        label_file: str,
        exclude_file: str | None = None,
        data_root: str = '',
        **kwargs: Any,
    ) -> None:
        paths = [
            str(Path(data_root) / name) for name in (ann_file, label_file, exclude_file) if name
        ]
        for path in paths:
            if not Path(path).is_file():
                raise FileNotFoundError(f'no file at {path}: AVAMetric needs it, set `data_root`')
        super().__init__(paths[0], paths[2] if exclude_file else None, paths[1], **kwargs)

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Evaluate the detections of all processes.

        Args:
            results: For each key frame ``video_id``, ``timestamp`` and boxes with scores by class.
        """
        with open(self.label_file, encoding='utf-8') as file:
            names = {item['id']: item['name'] for item in read_labelmap(file)[0]}
        classes = set(names).intersection(self.custom_classes or names)
        with open(self.ann_file, encoding='utf-8') as file:
            truth = as_frames(*read_csv(file))
        detections = dict(self._detections(result) for result in results)
        _write_beside_log(detections)
        if self.exclude_file:
            with open(self.exclude_file, encoding='utf-8') as file:
                for key in read_exclusions(file):
                    truth.pop(key, None)
                    detections.pop(key, None)
        values = frame_average_precision(truth, detections, classes)
        for class_id, value in values.items():
            print_log(f'AP of {names[class_id]}: {value:.4f}', logger='current')
        means = {'overall': _mean(values, classes)}
        means.update({group: _mean(values, numbers) for group, numbers in GROUPS.items()})
        return {name: value for name, value in means.items() if value is not None}

    def _detections(self, result: dict) -> tuple[str, Boxes]:
        """Return a frame's key and detections, from an array of scored boxes for each class."""
        classes = np.array(self.custom_classes or range(self.num_classes))[1:]
        labels = np.repeat(classes, [len(boxes) for boxes in result['outputs']])
        boxes = np.concatenate(result['outputs']).astype(np.float64)
        key = make_image_key(result['video_id'], result['timestamp'])
        return key, (boxes[:, :4], labels, boxes[:, 4])


def as_frames(boxes: dict[str, list], labels: dict[str, list], scores: dict[str, list]) -> dict:
    """Group by frame what mmaction2's ``read_csv`` returns: top, left, bottom, right."""
    return {
        key: (np.array(boxes[key])[:, [1, 0, 3, 2]], np.array(labels[key]), np.array(scores[key]))
        for key in boxes
    }


def _mean(values: dict[int, float], classes: set[int] | range) -> float | None:
    chosen = [value for class_id, value in values.items() if class_id in classes]
    return float(np.mean(chosen)) if chosen else None


def _write_beside_log(detections: dict[str, Boxes]) -> None:
    """Write all detections as rows ``video,second,left,top,right,bottom,class,score``."""
    handlers = MMLogger.get_current_instance().handlers
    logs = [handler.baseFilename for handler in handlers if isinstance(handler, FileHandler)]
    if not logs:
        return
    with open(Path(logs[0]).with_name('ava_detections.csv'), 'w', encoding='utf-8') as file:
        for key, frame in sorted(detections.items()):
            for box, class_id, score in zip(*frame):
                numbers = ','.join(f'{value:.5f}' for value in box)
                file.write(f'{key},{numbers},{class_id},{score:.7g}\n')
