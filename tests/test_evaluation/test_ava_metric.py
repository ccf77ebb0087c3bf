"""The mean average precision on AVA, against a literal loop and against mmaction2."""

import json
import logging
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.evaluation.functional.ava_utils import read_csv
from mmengine.logging import MMLogger

from tests.distributed import run_on_processes
from vsslbox.evaluation.functional import frame_average_precision
from vsslbox.evaluation.metrics import AVAMetric
from vsslbox.evaluation.metrics.ava_metric import as_frames

LABEL_FILE = ''.join(f'item {{\n  name: "action{i}"\n  id: {i}\n}}\n' for i in (1, 2, 3))
# What mmaction2's own tests expect of its evaluation on these predictions.
SAMPLE_MAP = 0.09385522


def box_overlap(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def literal_average_precision(truth, detections, class_id):
    """PASCAL's average precision, one detection at a time, best first."""
    rows = []
    for frame, (boxes, labels, scores) in detections.items():
        for box, label, score in zip(boxes, labels, scores):
            if label == class_id:
                rows.append((score, frame, box))
    rows.sort(key=lambda row: -row[0])
    own = {
        frame: [box for box, label in zip(boxes, labels) if label == class_id]
        for frame, (boxes, labels, _) in truth.items()
    }
    total = sum(len(boxes) for boxes in own.values())
    taken, hits, points = set(), 0, []
    for number, (_, frame, box) in enumerate(rows, start=1):
        overlaps = [box_overlap(box, other) for other in own.get(frame, [])]
        best = max(range(len(overlaps)), key=lambda i: overlaps[i], default=None)
        if best is not None and overlaps[best] >= 0.5 and (frame, best) not in taken:
            taken.add((frame, best))
            hits += 1
        points.append((hits / total, hits / number))
    area, last = 0.0, 0.0
    for number, (recall, _) in enumerate(points):
        area += (recall - last) * max(p for _, p in points[number:])
        last = recall
    return area


def random_boxes(rng, frames, per_frame):
    table = {}
    for frame in frames:
        n = rng.integers(per_frame + 1)
        corners = rng.integers(0, 4, (n, 2)) / 8
        boxes = np.concatenate([corners, corners + rng.integers(3, 6, (n, 2)) / 8], axis=1)
        table[frame] = (boxes, rng.integers(1, 4, n), rng.permutation(n) / 7 + rng.random(n) / 9)
    return table


def test_literal_reference():
    rng = np.random.default_rng(0)
    for _ in range(20):
        truth = random_boxes(rng, 'abcde', 5)
        detections = random_boxes(rng, 'bcdefg', 8)  # some frames without annotation
        found = frame_average_precision(truth, detections, (1, 2, 3, 9))
        annotated = {int(c) for _, labels, _ in truth.values() for c in labels}
        assert set(found) == annotated
        for class_id, value in found.items():
            expected = literal_average_precision(truth, detections, class_id)
            assert math.isclose(value, expected, abs_tol=1e-9)


@pytest.fixture
def sample_folder(data_root):
    return data_root / 'formats' / 'mmaction2' / 'tests' / 'data' / 'eval_detection'


def csv_frames(path):
    with open(path) as file:
        return as_frames(*read_csv(file))


def test_sample_predictions_of_mmaction2(sample_folder):
    truth, detections = (csv_frames(sample_folder / name) for name in ('gt.csv', 'pred.csv'))
    values = frame_average_precision(truth, detections, (1, 2, 3))
    assert math.isclose(np.mean(list(values.values())), SAMPLE_MAP, abs_tol=1e-6)
    for class_id, value in values.items():
        expected = literal_average_precision(truth, detections, class_id)
        assert math.isclose(value, expected, abs_tol=1e-9)


def data_samples(frames):
    """Predictions by frame as a detector returns them: a score for each class of each box."""
    samples = []
    for key, (boxes, labels, scores) in sorted(frames.items()):
        video_id, second = key.split(',')
        table = torch.zeros(len(boxes), 4)
        table[torch.arange(len(boxes)), torch.as_tensor(labels)] = torch.as_tensor(scores).float()
        boxes = torch.as_tensor(boxes).float()
        pred = dict(bboxes=boxes, scores=table)
        samples.append(dict(video_id=video_id, timestamp=int(second), pred_instances=pred))
    return samples


def evaluate(folder, samples, rank=0, world=1, **kwargs):
    metric = AVAMetric('gt.csv', 'classes.pbtxt', data_root=str(folder), num_classes=4, **kwargs)
    own = samples[rank::world]
    metric.process({}, own)
    return metric.evaluate(len(samples))


@pytest.fixture
def folder(tmp_path, sample_folder):
    (tmp_path / 'gt.csv').write_text((sample_folder / 'gt.csv').read_text())
    (tmp_path / 'classes.pbtxt').write_text(LABEL_FILE)
    return tmp_path


def test_metric_on_the_sample_predictions(folder, sample_folder, monkeypatch):
    empty = folder / 'cwd'
    empty.mkdir()
    monkeypatch.chdir(empty)
    samples = data_samples(csv_frames(sample_folder / 'pred.csv'))
    values = evaluate(folder, samples)
    assert math.isclose(values['mAP/overall'], SAMPLE_MAP, abs_tol=1e-6)
    assert values['mAP/person_movement'] == values['mAP/overall']
    assert 'mAP/person_interaction' not in values  # none of its classes is annotated
    assert not list(empty.iterdir())


@pytest.mark.slow
def test_excluded_frames_and_custom_classes(folder, sample_folder):
    truth, found = (csv_frames(sample_folder / name) for name in ('gt.csv', 'pred.csv'))
    out = sorted(truth)[0]
    (folder / 'excluded.csv').write_text(out + '\n')
    values = evaluate(folder, data_samples(found), exclude_file='excluded.csv')
    for frames in (truth, found):
        frames.pop(out, None)
    expected = frame_average_precision(truth, found, (1, 2, 3))
    assert math.isclose(values['mAP/overall'], np.mean(list(expected.values())), abs_tol=1e-6)

    metric = AVAMetric(
        'gt.csv', 'classes.pbtxt', data_root=str(folder), num_classes=3, custom_classes=[1, 3]
    )
    samples = data_samples(csv_frames(sample_folder / 'pred.csv'))
    for sample in samples:  # a model of two classes: their own numbers are 1 and 2
        sample['pred_instances']['scores'] = sample['pred_instances']['scores'][:, [0, 1, 3]]
    metric.process({}, samples)
    truth, found = (csv_frames(sample_folder / name) for name in ('gt.csv', 'pred.csv'))
    expected = np.mean(list(frame_average_precision(truth, found, (1, 3)).values()))
    assert math.isclose(metric.evaluate(len(samples))['mAP/overall'], expected, abs_tol=1e-6)


def test_a_class_that_is_never_detected_counts(folder, sample_folder):
    """mmaction2 leaves it out of the mean, and fails with NumPy 2 where one is not annotated."""
    samples = data_samples(csv_frames(sample_folder / 'pred.csv'))
    before = evaluate(folder, samples)['mAP/overall']
    for sample in samples:
        sample['pred_instances']['scores'][:, 3] = 0
    values = frame_average_precision(
        *(csv_frames(sample_folder / name) for name in ('gt.csv', 'pred.csv')), (1, 2, 3)
    )
    after = evaluate(folder, samples)['mAP/overall']
    assert math.isclose(after, before - values[3] / 3, abs_tol=1e-6)


def test_frames_without_annotation_count(folder, sample_folder):
    found = csv_frames(sample_folder / 'pred.csv')
    before = evaluate(folder, data_samples(found))['mAP/overall']
    found['3reY9zJKhqN,1700'] = (np.array([[0.1, 0.1, 0.9, 0.9]] * 2), [1, 3], [1.0, 1.0])
    assert evaluate(folder, data_samples(found))['mAP/overall'] < before


def test_detections_are_written_beside_the_log(folder, sample_folder, tmp_path):
    logs = tmp_path / 'work_dir' / 'run'
    logs.mkdir(parents=True)
    MMLogger.get_instance('ava-metric', log_file=str(logs / 'run.log'))
    try:
        samples = data_samples(csv_frames(sample_folder / 'pred.csv'))
        value = evaluate(folder, samples)['mAP/overall']
    finally:
        for handler in MMLogger._instance_dict.pop('ava-metric').handlers:
            if isinstance(handler, logging.FileHandler):
                handler.close()
    written = csv_frames(logs / 'ava_detections.csv')
    again = evaluate(folder, data_samples(written))['mAP/overall']
    assert math.isclose(value, again, abs_tol=1e-6)


def on_one_rank(folder, samples):
    import torch.distributed as dist

    values = evaluate(Path(folder), samples, dist.get_rank(), dist.get_world_size())
    return json.dumps(values)


def test_two_processes(folder, sample_folder):
    samples = data_samples(csv_frames(sample_folder / 'pred.csv'))
    alone = evaluate(folder, samples)
    for values in run_on_processes(on_one_rank, 2, str(folder), samples):
        assert json.loads(values) == alone


def test_missing_files(folder):
    with pytest.raises(FileNotFoundError, match=r'nothing\.csv.*data_root'):
        AVAMetric('nothing.csv', 'classes.pbtxt', data_root=str(folder))
