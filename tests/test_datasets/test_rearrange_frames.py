"""Frames of a view in another order of time."""

import numpy as np
import pytest

from vsslbox.datasets.transforms import RearrangeFrames
from vsslbox.errors import InputError
from vsslbox.structures import View


def rearranged(order, length, seed=0):
    """The numbers of the frames that are shown."""
    view = View('clip', np.arange(length))
    view.frames = [np.full((2, 2, 3), number, np.uint8) for number in range(length)]
    RearrangeFrames(order)(view, np.random.default_rng(seed))
    return [int(frame[0, 0, 0]) for frame in view.frames]


@pytest.mark.parametrize(
    ('order', 'expected'),
    [
        ('reversed', [4, 3, 2, 1, 0]),
        ('frozen', [2, 2, 2, 2, 2]),
        ('dropped', [0, 0, 2, 2, 4]),
    ],
)
def test_orders(order, expected):
    assert rearranged(order, 5) == expected


def test_a_shuffled_order_is_any_but_forward_and_backward():
    counts = {}
    for seed in range(400):
        order = tuple(rearranged('shuffled', 3, seed))
        counts[order] = counts.get(order, 0) + 1
    assert set(counts) == {(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1)}
    assert min(counts.values()) > 65  # of 100, with a deviation of 9
    assert rearranged('shuffled', 7, 3) == rearranged('shuffled', 7, 3)


@pytest.mark.parametrize(('length', 'expected'), [(1, [0]), (2, [1, 0])])
def test_short_clips_are_shown_backwards(length, expected):
    assert rearranged('shuffled', length) == expected


def test_other_orders_are_refused():
    with pytest.raises(InputError, match=r"must be one of reversed, shuffled, .* got 'sorted'"):
        RearrangeFrames('sorted')
