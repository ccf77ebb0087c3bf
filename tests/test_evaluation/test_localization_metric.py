"""AR@AN and mAP against literal loops and mmaction2's port of the official evaluation."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmaction.evaluation import ActivityNetLocalization
from mmaction.structures import ActionDataSample

from tests.distributed import run_on_processes
from vsslbox.evaluation.functional import (
    THRESHOLDS,
    Detection,
    average_recall,
    detection_average_precision,
)
from vsslbox.evaluation.metrics import LocalizationMetric
from vsslbox.utils import segment_iou, soft_nms


def iou(a, b):
    inside = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    union = a[1] - a[0] + b[1] - b[0] - inside
    return inside / union if union else 0.0  # some annotations are empty


def literal_recall(truth, proposals):
    """ActivityNet's evaluation of proposals: one video, number and threshold at a time."""
    total = sum(map(len, proposals))
    ratio = 100 * float(len(truth)) / total
    kept = []
    for found in proposals:
        ranked = sorted(found, key=lambda row: -row[2])
        kept.append(ranked[: min(int(len(ranked) * ratio), len(ranked))])
    retrieved = sum(map(len, kept))
    shares = np.arange(1, 101) / 100.0 * (100 * float(len(truth)) / retrieved)
    recall = np.empty((10, 100))
    for row, threshold in enumerate(THRESHOLDS):
        for column, share in enumerate(shares):
            matches = 0
            for segments, found in zip(truth, kept):
                number = min(int(len(found) * share), len(found))
                for segment in segments:
                    matches += any(iou(segment, p) >= threshold for p in found[:number])
            recall[row, column] = matches / sum(map(len, truth))
    average, numbers = recall.mean(axis=0), shares * (retrieved / len(truth))
    area = sum((average[i] + average[i + 1]) / 2 * (numbers[i + 1] - numbers[i]) for i in range(99))
    return average, area / numbers[-1]


def literal_precision(truth, detections):
    """The official evaluation of detections, of one activity: one detection at a time."""
    values = []
    for threshold in THRESHOLDS:
        taken, hits = set(), []
        for d in sorted(detections, key=lambda d: -d.score):
            segments = truth.get(d.video, ())
            by_iou = sorted(
                ((iou(d[1:3], s), n) for n, s in enumerate(segments)), key=lambda pair: -pair[0]
            )
            hit = next((n for o, n in by_iou if o >= threshold and (d.video, n) not in taken), None)
            hits.append(hit is not None)
            taken.add((d.video, hit))
        true, count = np.cumsum(hits), sum(map(len, truth.values()))
        precision = np.hstack([[0], true / np.arange(1, len(hits) + 1), [0]])
        recall = np.hstack([[0], true / count, [1]])
        for i in range(len(precision) - 1)[::-1]:
            precision[i] = max(precision[i], precision[i + 1])
        steps = np.where(recall[1:] != recall[:-1])[0] + 1
        values.append(np.sum((recall[steps] - recall[steps - 1]) * precision[steps]))
    return np.array(values)


def random_segments(rng, number):
    start = rng.uniform(0, 80, number)
    return np.stack([start, start + rng.uniform(1, 40, number)], axis=1)


def random_case(seed, num_videos=7, numbers=(0, 260)):
    rng = np.random.default_rng(seed)
    truth = [random_segments(rng, rng.integers(1, 4)) for _ in range(num_videos)]
    proposals = []
    for _ in truth:
        number = rng.integers(*numbers)
        proposals.append(np.column_stack([random_segments(rng, number), rng.uniform(size=number)]))
    return truth, proposals


@pytest.mark.parametrize('numbers', [(0, 260), (5, 30), (100, 101), (0, 2)])
def test_average_recall_is_the_official_one(numbers):
    truth, proposals = random_case(3, numbers=numbers)
    recall, area = average_recall(truth, proposals)
    expected, expected_area = literal_recall(truth, proposals)
    np.testing.assert_allclose(recall, expected, atol=1e-12)
    assert area == pytest.approx(expected_area, abs=1e-12)
    assert numbers == (0, 2) or expected_area > 0.1


def test_average_recall_without_annotations_or_proposals():
    truth, proposals = random_case(0)
    nothing = np.zeros((0, 2))
    with_more = average_recall([*truth, nothing], [*proposals, proposals[0]])
    np.testing.assert_array_equal(with_more[0], average_recall(truth, proposals)[0])
    recall, area = average_recall(truth, [np.zeros((0, 3))] * len(truth))
    assert area == 0
    assert not recall.any()


def test_average_precision_is_the_official_one():
    rng = np.random.default_rng(0)
    truth = {f'v{n}': random_segments(rng, n % 3 + 1) for n in range(8)}
    detections = [
        Detection(f'v{rng.integers(10)}', *random_segments(rng, 1)[0], rng.uniform())
        for _ in range(300)
    ]
    for video, segments in truth.items():  # some good ones, more than one for a segment
        for start, end in segments:
            detections += [
                Detection(video, start + rng.uniform(-1, 1), end, rng.uniform()) for _ in range(3)
            ]
    values = detection_average_precision(truth, detections)
    np.testing.assert_allclose(values, literal_precision(truth, detections), atol=1e-12)
    assert values[0] > values[-1] > 0
    assert not detection_average_precision(truth, []).any()


@pytest.fixture(scope='module')
def official(data_root):
    """ActivityNet's sample of detections, and the annotations of these videos, by activity."""
    folder = data_root / 'formats' / 'activitynet13'
    annotations = json.loads(
        (folder / 'data/activitynet_annotations/anet_anno_action.json').read_text()
    )
    sample = folder / 'Evaluation' / 'data' / 'sample_detection_prediction.json'
    results = json.loads(sample.read_text())['results']
    videos = {f'v_{video}' for video in results} & annotations.keys()
    return {video: annotations[video] for video in sorted(videos)}, results


def by_activity(annotations, results):
    truth, detections = {}, {}
    for video, entry in annotations.items():
        for a in entry['annotations']:
            truth.setdefault(a['label'], {}).setdefault(video[2:], []).append(a['segment'])
        for d in results[video[2:]]:
            found = Detection(video[2:], *d['segment'], d['score'])
            detections.setdefault(d['label'], []).append(found)
    truth = {
        label: {video: np.array(segments) for video, segments in videos.items()}
        for label, videos in truth.items()
    }
    return truth, detections


def disturbed(results):
    """The sample repeats the annotations: move its segments, and vary their scores."""
    rng = np.random.default_rng(0)
    moved = {}
    for video, found in results.items():
        moved[video] = []
        for d in found * 2:
            start, end = np.array(d['segment']) + rng.uniform(-0.3, 0.3, 2) * np.ptp(d['segment'])
            moved[video].append(dict(d, segment=[start, end], score=rng.uniform()))
    return moved


def test_official_sample_of_detections(official):
    """The sample's detections are the annotations, except segments of no length."""
    truth, detections = by_activity(*official)
    assert len(truth) == 200
    values = [detection_average_precision(truth[label], detections[label]) for label in truth]
    assert 0.999 < np.mean(values) < 1


def test_disturbed_sample_of_detections(official):
    annotations, results = official
    truth, detections = by_activity(annotations, disturbed(results))
    values = []
    for label in sorted(truth)[:40]:
        values.append(detection_average_precision(truth[label], detections[label]))
        expected = literal_precision(truth[label], detections[label])
        np.testing.assert_allclose(values[-1], expected, atol=1e-12)
    assert 0.1 < np.mean(values) < 0.9


def test_disturbed_sample_against_mmaction2(official, tmp_path):
    """mmaction2's port computes the same over all activities of some hundred videos."""
    annotations, results = official
    annotations = dict(list(annotations.items())[:400])
    results = disturbed({video[2:]: results[video[2:]] for video in annotations})
    files = tmp_path / 'truth.json', tmp_path / 'predictions.json'
    files[0].write_text(json.dumps(annotations))
    files[1].write_text(json.dumps(dict(results=results)))
    expected, _ = ActivityNetLocalization(*map(str, files)).evaluate()
    truth, detections = by_activity(annotations, results)
    ours = [detection_average_precision(truth[label], detections[label]) for label in truth]
    np.testing.assert_allclose(np.mean(ours, axis=0), expected, atol=1e-6)


def test_sample_of_mmaction2_has_its_published_number(data_root):
    """The average mAP that mmaction2's own tests expect for these two files."""
    folder = data_root / 'formats' / 'mmaction2' / 'tests' / 'data' / 'eval_localization'
    annotations = json.loads((folder / 'gt.json').read_text())
    results = json.loads((folder / 'result.json').read_text())['results']
    truth, detections = by_activity(annotations, results)
    values = [
        detection_average_precision(truth[label], detections.get(label, [])) for label in truth
    ]
    assert np.mean(values) == pytest.approx(0.6177579365079365, abs=1e-12)


def predictions(seed=1):
    """Samples as a loader yields them, and predictions for them, of nine videos."""
    truth, proposals = random_case(seed, num_videos=9, numbers=(20, 60))
    pairs = []
    for number, (segments, found) in enumerate(zip(truth, proposals)):
        label = 'run' if number % 2 else 'walk'
        annotations = [dict(segment=s.tolist(), label=label) for s in segments]
        if number == 8:
            annotations = []
        sample = ActionDataSample(metainfo=dict(annotations=annotations))
        listed = [dict(segment=p[:2].tolist(), score=float(p[2])) for p in found]
        pairs.append((sample, dict(video_name=f'v_{number}', proposal_list=listed)))
    return pairs


def evaluate(classification=None, rank=0, world_size=1, out=None):
    metric = LocalizationMetric(classification=classification, out=out)
    pairs = predictions()
    share = -(-len(pairs) // world_size)  # a sampler repeats videos until all ranks have as many
    for step in range(share):
        sample, predicted = pairs[(step * world_size + rank) % len(pairs)]
        metric.process(dict(data_samples=[sample]), [predicted])
    return metric.evaluate(len(pairs))


def on_rank(classification):
    rank = torch.distributed.get_rank()
    values = evaluate(classification, rank, torch.distributed.get_world_size())
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()}


@pytest.fixture
def classification(tmp_path):
    classes = {
        str(number): [
            dict(label='run', score=0.9 if number % 2 else 0.2),
            dict(label='walk', score=0.5),
        ]
        for number in range(9)
    }
    path = tmp_path / 'classes.json'
    path.write_text(json.dumps(dict(results=classes)))
    return str(path)


def test_two_processes_equal_one(classification):
    """Nine videos on two ranks: one is loaded twice, and each rank has half of the annotations."""
    alone = evaluate(classification)
    together = run_on_processes(on_rank, 2, classification)
    for rank in together:
        assert rank.keys() == alone.keys()
        for name, value in alone.items():
            assert rank[name].item() == pytest.approx(value, abs=1e-12), name


def test_metric_scales_by_classes_and_writes_proposals(classification, tmp_path):
    out = tmp_path / 'folder' / 'proposals.json'
    values = evaluate(classification, out=str(out))
    pairs = [pair for pair in predictions() if pair[0].annotations]
    truth = [np.array([a['segment'] for a in s.annotations]) for s, _ in pairs]
    found = [
        np.array([(*p['segment'], p['score']) for p in predicted['proposal_list']])
        for _, predicted in pairs
    ]
    recall, area = literal_recall(truth, found)
    assert values['localization/auc'] == pytest.approx(100 * area)
    for number in (1, 5, 10, 100):
        assert values[f'localization/AR@{number}'] == pytest.approx(100 * recall[number - 1])

    expected = []
    for label, is_odd, scale in (('walk', 0, 0.5), ('run', 1, 0.9)):
        chosen = [p for p in predictions() if int(p[1]['video_name'][2:]) % 2 == is_odd]
        segments = {
            p['video_name'][2:]: [a['segment'] for a in s.annotations]
            for s, p in chosen
            if s.annotations
        }
        detections = [
            Detection(p['video_name'][2:], *d['segment'], scale * d['score'])
            for _, p in chosen
            for d in p['proposal_list']
        ]
        assert label == ('run' if is_odd else 'walk')
        expected.append(100 * literal_precision(segments, detections))
    by_threshold = np.mean(expected, axis=0)
    for threshold, value in zip(THRESHOLDS, by_threshold):
        assert values[f'localization/mAP@{threshold:.2f}'] == pytest.approx(value)
    assert values['localization/mAP'] == pytest.approx(by_threshold.mean())

    written = json.loads(out.read_text())['results']
    assert written == {p['video_name'][2:]: p['proposal_list'] for _, p in predictions()}


def test_errors_name_what_is_wrong(tmp_path):
    with pytest.raises(FileNotFoundError, match='set `classification`'):
        LocalizationMetric(classification=str(tmp_path / 'missing.json'))
    path = tmp_path / 'classes.json'
    path.write_text('{"results": {}}')
    with pytest.raises(ValueError, match='has no classes for the video 0'):
        evaluate(str(path))
    path.write_text('{"0": []}')
    with pytest.raises(ValueError, match='"results"'):
        LocalizationMetric(classification=str(path))
    metric = LocalizationMetric()
    sample = SimpleNamespace(metainfo=dict(annotations=[]))
    metric.process(dict(data_samples=[sample]), [dict(video_name='v_0', proposal_list=[])])
    with pytest.raises(ValueError, match='nothing to evaluate'):
        metric.evaluate(1)


def test_segment_iou():
    first, second = np.array([[0.0, 4], [2, 2]]), np.array([[1.0, 3], [5, 6], [2, 2]])
    np.testing.assert_allclose(segment_iou(first, second), [[0.5, 0, 0], [0, 0, 0]])


def literal_soft_nms(segments, scores, alpha, low, high, top_k):
    left, chosen = [(*s, p) for s, p in zip(segments, scores)], []
    while left and len(chosen) < top_k:
        best = max(left, key=lambda row: row[2])
        left.remove(best)
        chosen.append(best)
        threshold = low + (high - low) * (best[1] - best[0])
        for number, row in enumerate(left):
            overlap = iou(best, row)
            if overlap > threshold:
                left[number] = (*row[:2], row[2] * np.exp(-(overlap**2) / alpha))
    return np.array(chosen)


def test_soft_nms_against_loops():
    rng = np.random.default_rng(0)
    segments, scores = random_segments(rng, 200) / 120, rng.uniform(size=200)
    before = scores.copy()
    kept, new_scores = soft_nms(segments, scores, 0.4, 0.5, 0.9, 100)
    expected = literal_soft_nms(segments, scores, 0.4, 0.5, 0.9, 100)
    np.testing.assert_allclose(np.column_stack([kept, new_scores]), expected, rtol=1e-12)
    assert (np.diff(new_scores) <= 0).all()
    assert not np.isin(new_scores, scores).all()  # some did lose
    np.testing.assert_array_equal(scores, before)
    assert len(soft_nms(segments[:3], scores[:3], 0.4, 0.5, 0.9, 100)[0]) == 3
