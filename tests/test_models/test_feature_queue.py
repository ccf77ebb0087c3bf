"""The queue: first in, first out, and no change before the step."""

import pytest
import torch

from vsslbox.errors import InputError
from vsslbox.models.memories import FeatureQueue


def keys(first, count, channels=4):
    return torch.arange(first, first + count).float()[:, None].repeat(1, channels)


def test_start_values():
    queue = FeatureQueue(size=1000, channels=12)
    assert queue.features.abs().max() <= 0.5  # 1 / sqrt(12 / 3)
    assert queue.features.abs().max() > 0.49
    assert queue.features.mean().abs() < 0.02


def test_keys_enter_only_at_flush():
    queue = FeatureQueue(size=6, channels=4)
    before = queue.features.clone()
    queue.stage(keys(0, 4))
    assert torch.equal(queue.features, before)
    assert queue.pointer == 0
    queue.flush()
    assert torch.equal(queue.features[:4], keys(0, 4))
    assert torch.equal(queue.features[4:], before[4:])
    assert queue.pointer == 4


def test_oldest_keys_leave_first_across_the_end():
    queue = FeatureQueue(size=5, channels=4)
    seen = []
    for first, count in ((0, 3), (3, 3), (6, 4), (10, 1), (11, 5)):
        queue.stage(keys(first, count))
        queue.flush()
        seen += range(first, first + count)
        in_age_order = queue.features.roll(-int(queue.pointer), dims=0)[:, 0]
        if len(seen) >= 5:
            assert in_age_order.tolist() == seen[-5:]


def test_blocks_of_one_step_keep_their_order():
    queue = FeatureQueue(size=8, channels=4)
    for first in (0, 3, 6):
        queue.stage(keys(first, 2))
    queue.flush()
    assert queue.features[:6, 0].tolist() == [0, 1, 3, 4, 6, 7]


def test_state_survives_saving():
    queue = FeatureQueue(size=5, channels=4)
    queue.stage(keys(0, 3))
    queue.flush()
    other = FeatureQueue(size=5, channels=4)
    other.load_state_dict(queue.state_dict())
    for memory in (queue, other):
        memory.stage(keys(3, 4))
        memory.flush()
    assert torch.equal(queue.features, other.features)
    assert queue.pointer == other.pointer == 2


@pytest.mark.parametrize('size', [3, 5, 8])
def test_a_queue_of_another_size_keeps_the_newest_keys(size):
    old = FeatureQueue(size=5, channels=4)
    for first in (0, 4):
        old.stage(keys(first, 4))
        old.flush()
    queue = FeatureQueue(size=size, channels=4)
    start = queue.features.clone()
    queue.features[:], queue.pointer[...] = queue.resized(old.features, int(old.pointer))
    kept = [3, 4, 5, 6, 7][-size:]
    assert queue.features[: len(kept), 0].tolist() == kept
    assert torch.equal(queue.features[len(kept) :], start[len(kept) :])
    queue.stage(keys(8, 2))
    queue.flush()
    assert {8, 9} < set(queue.features[:, 0].tolist())
    assert set(kept[2 - max(0, size - 5) :]) <= set(queue.features[:, 0].tolist())


def test_too_many_waiting_keys_are_refused():
    queue = FeatureQueue(size=5, channels=4)
    queue.stage(keys(0, 3))
    with pytest.raises(InputError, match=r'6 keys .* queue of 5.* `update_after_step`'):
        queue.stage(keys(3, 3))
