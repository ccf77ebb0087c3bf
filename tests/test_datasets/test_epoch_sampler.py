"""Keys of samples, epoch by epoch, on any number of processes and workers."""

import torch
from mmengine.dataset import DefaultSampler, default_collate
from torch.utils.data import DataLoader

from tests.tiny import TinyViews
from vsslbox.datasets import EpochSampler
from vsslbox.structures import SampleKey


def sampler(rank=0, world_size=1, num_samples=10, seed=7):
    made = EpochSampler(range(num_samples), seed=seed)
    made.rank, made.world_size = rank, world_size
    made.num_samples = -(-num_samples // world_size)
    made.total_size = made.num_samples * world_size
    return made


def test_keys_hold_epoch_and_seed():
    made = sampler()
    orders = []
    for epoch in range(3):
        made.set_epoch(epoch)
        keys = list(made)
        assert all(isinstance(key, SampleKey) and key[1:] == (epoch, 7) for key in keys)
        assert sorted(key.index for key in keys) == list(range(10))
        orders.append([key.index for key in keys])
    assert orders[0] != orders[1] != orders[2]


def test_two_processes_share_the_keys_of_one():
    both = [list(sampler(rank, 2)) for rank in range(2)]
    assert sorted(both[0] + both[1]) == sorted(sampler())


def test_start_holds_for_one_epoch():
    made = sampler()
    everything = list(made)
    made.set_start(4)
    assert list(made) == everything[4:]
    assert list(made) == everything


def test_the_order_is_that_of_mmengines_sampler():
    for world_size in (1, 3):
        for rank in range(world_size):
            made, theirs = sampler(rank, world_size), sampler(rank, world_size)
            for epoch in range(2):
                made.set_epoch(epoch)
                theirs.set_epoch(epoch)
                expected = list(DefaultSampler.__iter__(theirs))
                assert [key.index for key in made] == expected
                assert made.num_left(0) == len(expected)


def test_processes_share_what_lies_after_a_start_that_is_theirs_together():
    order = [key.index for key in sampler()]
    for start in range(11):
        for world_size in (1, 2, 3):
            shares = []
            for rank in range(world_size):
                made = sampler(rank, world_size)
                made.set_start(start)
                shares.append([key.index for key in made])
                assert made.num_left(start) == len(shares[-1])
            dealt = [index for turn in zip(*shares, strict=True) for index in turn]
            assert dealt == (order[start:] + order)[: len(dealt)]
            assert len(dealt) - len(order[start:]) in range(world_size)


def test_samples_do_not_depend_on_workers():
    batches = []
    for num_workers in (0, 1, 2):
        made = sampler(num_samples=12)
        loader = DataLoader(
            TinyViews(12),
            batch_size=4,
            sampler=made,
            num_workers=num_workers,
            persistent_workers=num_workers > 0,
            collate_fn=default_collate,
        )
        views = []
        for epoch in range(2):  # persistent workers must see the second epoch
            made.set_epoch(epoch)
            views += [torch.cat(batch['inputs'], dim=2) for batch in loader]
        batches.append(torch.cat(views))
    assert torch.equal(batches[0], batches[1])
    assert torch.equal(batches[0], batches[2])
    assert not torch.equal(batches[0][:12], batches[0][12:])
