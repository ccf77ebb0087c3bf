"""Labels and permutations of the order task, exhaustively for three segments."""

from collections import Counter

import numpy as np
import pytest

from vsslbox.datasets.transforms.sampling.shuffle_order import ShuffleOrder

FORWARD, BACKWARD = (0, 1, 2), (2, 1, 0)
ALLOWED = {(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1)}


def targets(draw, num_segments=3, **kwargs):
    results = dict(rng=np.random.default_rng(draw), num_segments=num_segments)
    return ShuffleOrder(**kwargs)(results)['targets']


def test_labels_and_permutations_for_three_segments():
    labels, orders = Counter(), [Counter(), Counter()]
    for draw in range(4000):
        drawn = targets(draw)
        anchor, positive = (tuple(order) for order in drawn['orders'])
        expected = {
            (False, False): 0,
            (True, False): 1,
            (False, True): 2,
            (True, True): 3,
        }[anchor != FORWARD, positive != FORWARD]
        assert drawn['order_label'] == expected
        labels[expected] += 1
        orders[0][anchor] += 1
        orders[1][positive] += 1
    assert set(labels) == {0, 1, 2, 3}
    assert all(abs(count - 1000) < 140 for count in labels.values())  # five sigma
    for counts in orders:
        assert set(counts) == ALLOWED | {FORWARD}
        assert abs(counts[FORWARD] - 2000) < 160
        assert all(abs(counts[order] - 500) < 105 for order in ALLOWED)


def test_backward_order_may_count_as_shuffled():
    seen = {tuple(targets(draw, prob=1, allow_backward=True)['orders'][0]) for draw in range(500)}
    assert seen == ALLOWED | {BACKWARD}


@pytest.mark.parametrize(('prob', 'label'), [(0, 0), (1, 3)])
def test_probability(prob, label):
    assert {targets(draw, prob=prob)['order_label'] for draw in range(50)} == {label}


def test_more_segments_exclude_forward_and_backward_only():
    seen = {tuple(targets(draw, num_segments=4, prob=1)['orders'][0]) for draw in range(1000)}
    assert len(seen) == 22  # of 24


@pytest.mark.parametrize('num_segments', [1, 2])
def test_fewer_than_three_segments_are_refused(num_segments):
    with pytest.raises(ValueError, match=f'at least 3 segments, got {num_segments}'):
        targets(0, num_segments)


def test_a_sampler_of_segments_must_come_first():
    with pytest.raises(ValueError, match='must follow SampleSegmentTuples'):
        ShuffleOrder()(dict(rng=np.random.default_rng(0)))
