"""Recall of temporal proposals and precision of detections."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from vsslbox.errors import InputError
from vsslbox.evaluation.functional import (
    THRESHOLDS,
    Detection,
    average_recall,
    detection_average_precision,
)
from vsslbox.registry import METRICS
from vsslbox.utils import read_json

__all__ = ['LocalizationMetric']

RECALLS = (1, 5, 10, 100)


@METRICS.register_module()
class LocalizationMetric(BaseMetric):
    """Recall of proposals and, with classes of the videos, precision of detections.

    ``localization/AR@N`` is the average recall at N proposals a video and ``localization/auc`` the
    area under it up to 100. If ``classification`` has the activities of each video, each of its
    proposals is a detection of them, with the product of both scores: ``localization/mAP@0.50`` to
    ``localization/mAP@0.95`` and their mean ``localization/mAP``. All are in percent and follow
    ActivityNet's official evaluation.

    The annotations are gathered with the proposals, so that several processes equal one.

    Args:
        data_root: The folder of ``classification``.
        classification: A JSON file with the activities of each video in ActivityNet's format:
            ``{"results": {"ID": [{"label": ..., "score": ...}, ...]}}``.
        top_classes: The number of activities to use of each video, the best ones.
        out: A JSON file for the proposals in ActivityNet's format.
        kwargs: As for mmengine's ``BaseMetric``.
    """

    default_prefix = 'localization'

    def __init__(
        self,
        data_root: str = '',
        classification: str | None = None,
        top_classes: int = 1,
        out: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.classification: Path | None = None
        self.classes: dict[str, list[dict]] | None = None
        if classification:
            self.classification = Path(data_root) / classification
            self.classes = _read_classes(self.classification)
        self.top_classes = top_classes
        self.out = out

    def process(self, data_batch: Mapping, data_samples: Sequence[dict]) -> None:
        """Collect the proposals of a batch and the annotations of its videos.

        Args:
            data_batch: Has ``data_samples``, whose meta data have ``annotations``.
            data_samples: Predictions with ``video_name`` and ``proposal_list``.
        """
        for sample, predicted in zip(data_batch['data_samples'], data_samples, strict=True):
            annotations = sample.metainfo['annotations']
            self.results.append({**predicted, 'annotations': annotations})

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Evaluate all videos.

        Raises:
            InputError: No video has annotations.
        """
        if self.out is not None:
            _write_proposals(results, self.out)
        if not any(result['annotations'] for result in results):
            raise InputError('no video of the list has `annotations`: there is nothing to evaluate')
        recall, area = average_recall(
            [_segments(result['annotations']) for result in results],
            [_proposals(result['proposal_list']) for result in results],
        )
        metrics = {'auc': 100 * area}
        metrics |= {f'AR@{number}': 100 * float(recall[number - 1]) for number in RECALLS}
        return metrics if self.classes is None else metrics | self._precision(results, self.classes)

    def _precision(self, results: list[dict], classes: dict[str, list[dict]]) -> dict[str, float]:
        truth: dict[str, dict[str, np.ndarray]] = defaultdict(dict)
        detections: dict[str, list[Detection]] = defaultdict(list)
        for result in results:
            video = _video_id(result['video_name'])
            by_label = defaultdict(list)
            for annotation in result['annotations']:
                by_label[annotation['label']].append(annotation)
            for label, annotations in by_label.items():
                truth[label][video] = _segments(annotations)
            for activity in self._classes_of(video, classes):
                detections[activity['label']] += [
                    Detection(video, start, end, proposal['score'] * activity['score'])
                    for proposal in result['proposal_list']
                    for start, end in [proposal['segment']]
                ]
        values = np.stack(
            [detection_average_precision(truth[label], detections[label]) for label in truth]
        )
        by_threshold = 100 * values.mean(axis=0)
        names = [f'mAP@{threshold:.2f}' for threshold in THRESHOLDS]
        return {**dict(zip(names, by_threshold.tolist())), 'mAP': float(by_threshold.mean())}

    def _classes_of(self, video: str, classes: dict[str, list[dict]]) -> list[dict]:
        if video not in classes:
            raise InputError(f'{self.classification} has no classes for the video {video}')
        by_score = sorted(classes[video], key=lambda activity: -activity['score'])
        return by_score[: self.top_classes]


def _video_id(name: str) -> str:
    """Return ActivityNet's id of a video; the names of files have the prefix ``v_``."""
    return name.removeprefix('v_')


def _segments(annotations: Sequence[dict]) -> np.ndarray:
    return np.array([a['segment'] for a in annotations], dtype=float).reshape(-1, 2)


def _proposals(proposals: Sequence[dict]) -> np.ndarray:
    return np.array([(*p['segment'], p['score']) for p in proposals], dtype=float).reshape(-1, 3)


def _read_classes(path: Path) -> dict[str, list[dict]]:
    if not path.is_file():
        raise FileNotFoundError(f'no file at {path}: set `classification` of LocalizationMetric')
    content = read_json(path)
    results = content.get('results') if isinstance(content, dict) else None
    if not isinstance(results, dict):
        raise InputError(
            f'{path} is not {{"results": {{"ID": [{{"label": ..., "score": ...}}]}}}}: '
            '`classification` of LocalizationMetric must be'
        )
    return {_video_id(video): classes for video, classes in results.items()}


def _write_proposals(results: list[dict], out: str) -> None:
    proposals = {_video_id(result['video_name']): result['proposal_list'] for result in results}
    content = dict(version='VERSION 1.3', results=proposals, external_data={})
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    Path(out).write_text(json.dumps(content), encoding='utf-8')
