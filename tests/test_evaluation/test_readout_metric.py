"""Accuracies of read-outs: by hand, and on two processes."""

import pytest
import torch
from mmaction.structures import ActionDataSample
from mmengine.evaluator import Evaluator
from mmengine.structures import LabelData

from tests.distributed import run_on_processes
from vsslbox.evaluation.metrics import ReadoutMetric

NUM_CLASSES = 7


def predictions(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    made = []
    for _ in range(count):
        sample = ActionDataSample().set_gt_labels(
            int(torch.randint(NUM_CLASSES, (), generator=generator))
        )
        scores = {
            tap: torch.rand(NUM_CLASSES, generator=generator).softmax(dim=0)
            for tap in ('conv3', 'conv5')
        }
        sample.pred_scores = LabelData(**scores)
        made.append(sample)
    return made


def evaluate(samples, size, **kwargs):
    evaluator = Evaluator([ReadoutMetric(**kwargs)])
    for start in range(0, len(samples), 2):
        evaluator.process(samples[start : start + 2])
    return evaluator.evaluate(size)


def literal(samples, tap, k):
    hits = 0
    for sample in samples:
        scores = sample.pred_scores.get(tap)
        better = sum(bool(score > scores[int(sample.gt_labels.item)]) for score in scores)
        hits += better < k
    return 100 * hits / len(samples)


def test_accuracies_of_every_tap():
    samples = predictions(31)
    values = evaluate(samples, 31, topk=(1, 2, 5))
    assert set(values) == {f'readout/{tap}/top{k}' for tap in ('conv3', 'conv5') for k in (1, 2, 5)}
    for name, value in values.items():
        tap, k = name.split('/')[1:]
        assert value == pytest.approx(literal(samples, tap, int(k[3:])))
    assert len(set(values.values())) > 3


def test_more_places_than_classes():
    assert evaluate(predictions(5), 5, topk=(9,))['readout/conv3/top9'] == 100


def evaluate_share():
    """Each process has every second sample, and one that only pads its share."""
    rank = torch.distributed.get_rank()
    samples = predictions(7)
    return evaluate([*samples, samples[0]][rank::2], 7)


def test_two_processes():
    expected = evaluate(predictions(7), 7)
    for values in run_on_processes(evaluate_share, 2):
        assert values == pytest.approx(expected)


def test_errors():
    with pytest.raises(ValueError, match=r'topk of ReadoutMetric .* got \(0,\)'):
        ReadoutMetric(topk=(0,))
    sample = predictions(1)[0]
    sample.set_metainfo(dict(index=7))
    sample.pred_scores.conv5[:] = torch.nan
    with pytest.raises(ValueError, match='the scores of conv5 for sample 7 are not finite'):
        evaluate([sample], 1)
    sample = predictions(1)[0]
    del sample.gt_labels
    with pytest.raises(ValueError, match='needs one label for each sample'):
        evaluate([sample], 1)


@pytest.mark.parametrize('label', [-1, NUM_CLASSES])
def test_labels_without_a_score_are_named(label):
    (sample,) = predictions(1)
    sample.set_gt_labels(label)
    with pytest.raises(
        ValueError, match=f'the label {label}, but .* of conv. has the classes 0 to'
    ):
        evaluate([sample], 1)
