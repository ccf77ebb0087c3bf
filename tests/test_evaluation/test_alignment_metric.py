"""The protocol alignment on features whose order is known."""

import math

import numpy as np
import pytest
import torch

from vsslbox.datasets.readers import BaseReader
from vsslbox.datasets.transforms import RestrictToSpan
from vsslbox.errors import InputError
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.features import treated_loader
from vsslbox.evaluation.functional import cycle_consistency, kendall_tau
from vsslbox.evaluation.metrics import AlignmentMetric


def literal_values(similarities):
    """Kendall's tau and the share of cycles of one pair of videos, by loops."""
    rows = similarities.tolist()
    nearest = [max(range(len(row)), key=row.__getitem__) for row in rows]
    back = [
        max(range(len(rows)), key=lambda row, column=column: rows[row][column])
        for column in range(len(rows[0]))
    ]
    agreeing = differing = 0
    for first in range(len(rows)):
        for second in range(first + 1, len(rows)):
            agreeing += nearest[first] < nearest[second]
            differing += nearest[first] > nearest[second]
    pairs = len(rows) * (len(rows) - 1) / 2
    cycles = sum(back[nearest[row]] == row for row in range(len(rows)))
    return (agreeing - differing) / pairs, cycles / len(rows)


def test_values_equal_those_of_literal_loops():
    similarities = torch.rand(3, 4, 6, 9, generator=torch.Generator().manual_seed(0))
    taus, cycles = kendall_tau(similarities), cycle_consistency(similarities)
    assert taus.shape == cycles.shape == (3, 4)
    for place in np.ndindex(3, 4):
        tau, cycle = literal_values(similarities[place])
        assert taus[place].item() == pytest.approx(tau)
        assert cycles[place].item() == pytest.approx(cycle)
    assert taus.std() > 0.1


def phases_as_features(phases):
    """Features whose cosine similarity falls with the difference of phases in [0, 1]."""
    angles = torch.as_tensor(phases, dtype=torch.float32) * math.pi / 2
    return torch.stack([angles.cos(), angles.sin()], dim=-1)


def queries_of(metric, moments, **columns):
    """The queries with the features ``[N, M, F]`` of their moments."""
    names = metric.treatments()
    treated = dict(zip(names, moments.unbind(dim=1), strict=True))
    columns = columns or dict(label=['kick'] * len(moments))
    attributes = [dict(zip(columns, row)) for row in zip(*columns.values())]
    return FeatureSet(moments.mean(dim=1), attributes, treated=treated)


def values_of(moments, metric=None, **columns):
    metric = metric or AlignmentMetric(moments=moments.shape[1])
    queries = queries_of(metric, moments, **columns)
    return metric(queries, queries)


def test_features_that_code_the_phase_are_in_order():
    phases = torch.linspace(0, 1, 8).expand(5, 8)
    found = values_of(phases_as_features(phases))
    assert found == {
        'alignment/label/order': 100, 'alignment/label/cycle': 100, 'alignment/label/tau': 100,
    }  # fmt: skip


def test_a_faster_video_is_in_order_where_it_overlaps():
    """Phases 0 to 1 against 0 to 0.4: of the slower one several moments have the same nearest."""
    phases = torch.stack([torch.linspace(0, 1, 5), torch.linspace(0, 0.4, 5)])
    # The nearest of 0, .26, .5, .75, 1 among 0, .1, .2, .3, .4 are 0, .3, .4, .4
    # and .4; those of 0, .1, .2, .3, .4 are 0, 0, .26, .26 and .5: 3 and 2 of 10 pairs tie.
    phases[0, 1] = 0.26
    found = values_of(phases_as_features(phases))
    assert found['alignment/label/tau'] == pytest.approx(100 * (0.7 + 0.8) / 2)
    assert found['alignment/label/order'] == pytest.approx(100 * (0.85 + 0.9) / 2)
    # 0, .26 and .5 return to themselves, and of the faster one 0, .3 and .4.
    assert found['alignment/label/cycle'] == pytest.approx(60)


def test_a_reversed_video_is_in_the_reverse_order():
    phases = torch.stack([torch.linspace(0, 1, 6), torch.linspace(1, 0, 6)])
    found = values_of(phases_as_features(phases))
    assert found['alignment/label/tau'] == -100
    assert found['alignment/label/order'] == 0
    assert found['alignment/label/cycle'] == 100


def test_features_blind_to_time_have_no_order():
    found = values_of(torch.ones(4, 7, 3))
    assert found['alignment/label/tau'] == 0
    assert found['alignment/label/order'] == 50
    assert found['alignment/label/cycle'] == pytest.approx(100 / 7)


def test_random_features_are_at_chance():
    moments = torch.randn(40, 10, 64, generator=torch.Generator().manual_seed(1))
    metric = AlignmentMetric(moments=10)
    queries = queries_of(metric, moments)
    assert metric.chance(queries, queries) == {'alignment/label/order': 50}
    found = metric(queries, queries)
    # 1560 pairs of videos: the standard error of tau is that of one pair, 0.25, over 39 or less.
    assert abs(found['alignment/label/tau']) < 3
    assert found['alignment/label/order'] == pytest.approx(50, abs=1.5)
    # The similarities are independent: that of a moment and its nearest is also the highest of the
    # nearest with a probability of 10 / 19.
    assert found['alignment/label/cycle'] == pytest.approx(1000 / 19, abs=1.5)


def test_queries_are_aligned_within_their_class_and_not_within_their_group():
    ahead, back = torch.linspace(0, 1, 5), torch.linspace(1, 0, 5)
    moments = phases_as_features(torch.stack([ahead, back, ahead, back, ahead]))
    columns = dict(action=['run', 'kick', 'run', 'kick', 'spin'], person=list('abacd'))
    metric = AlignmentMetric(labels=['action'], moments=5)
    order = metric.outcomes(*2 * [queries_of(metric, moments, **columns)])['alignment/action/order']
    assert order[:4].tolist() == [1, 1, 1, 1] and order[4].isnan()

    metric = AlignmentMetric(labels=['action'], moments=5, leave_out='person')
    order = metric.outcomes(*2 * [queries_of(metric, moments, **columns)])['alignment/action/order']
    assert order.isnan().tolist() == [True, False, True, False, True]

    metric = AlignmentMetric(labels=['action'], moments=5, classes=['kick'])
    order = metric.outcomes(*2 * [queries_of(metric, moments, **columns)])['alignment/action/order']
    assert order.isnan().tolist() == [True, False, True, False, True]

    metric = AlignmentMetric(labels=['action'], moments=5, classes=['spin'])
    queries = queries_of(metric, moments, **columns)
    assert metric.obstacle(queries, queries) == "no two queries can be aligned by 'action'"


class TenFrames(BaseReader):
    """Ten frames, each of its number."""

    def __init__(self):
        self.path, self.fps, self.num_frames = 'ten', 25.0, 10

    def read(self, indices):
        return [np.full((1, 1, 3), index, np.uint8) for index in indices]

    def close(self):
        pass


def read_span(start, end):
    results = RestrictToSpan(start, end).transform(dict(reader=TenFrames(), total_frames=10))
    reader = results['reader']
    assert results['total_frames'] == reader.num_frames
    return [int(frame[0, 0, 0]) for frame in reader.read(range(reader.num_frames))]


def test_a_span_is_a_part_of_the_video():
    assert read_span(0, 1) == list(range(10))
    assert read_span(0.2, 0.5) == [2, 3, 4]
    assert read_span(0.6, 1) == [6, 7, 8, 9]
    assert read_span(0.51, 0.52) == [5]
    assert read_span(0.98, 1) == [9]
    with pytest.raises(InputError, match=r'needs 0 <= start < end <= 1, got 0.5 and 0.5'):
        RestrictToSpan(0.5, 0.5)


def test_moments_cover_the_video_and_fit_into_a_pipeline():
    metric = AlignmentMetric(moments=4, span=0.4)
    steps = [step for (step,) in metric.treatments().values()]
    assert [step['start'] for step in steps] == pytest.approx([0, 0.2, 0.4, 0.6])
    assert [step['end'] for step in steps] == pytest.approx([0.4, 0.6, 0.8, 1])
    pipeline = [dict(type='OpenVideo'), dict(type='SampleUniformClips', clip_len=4)]
    for name, own in metric.treatments().items():
        loader = treated_loader(dict(dataset=dict(pipeline=pipeline)), name, own)
        assert [step['type'] for step in loader['dataset']['pipeline']] == [
            'OpenVideo', 'RestrictToSpan', 'SampleUniformClips',
        ]  # fmt: skip


@pytest.mark.parametrize('settings', [dict(moments=1), dict(span=0), dict(span=1)])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(InputError, match=r'moments must be 2 or more and span within \(0, 1\)'):
        AlignmentMetric(**settings)
