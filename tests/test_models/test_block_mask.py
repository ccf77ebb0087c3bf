"""V-JEPA's masks: a literal reference, their statistics, and two processes against one."""

import math
import random

import pytest
import torch
from mmengine.dist import get_rank, get_world_size

from tests.distributed import run_on_processes
from vsslbox.errors import InputError
from vsslbox.models.utils import BlockMask, shared_generator
from vsslbox.models.utils.block_mask import block_size, draw_blocks

GRID = (4, 14, 14)
SHORT, LONG = dict(num_blocks=8, scale=0.15), dict(num_blocks=2, scale=0.7)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def literal_split(tops, lefts, block, grid):
    """The numbers of the tokens that blocks at these places leave, and of those that they hide."""
    seen, hidden = [], []
    for number in range(grid[0] * grid[1] * grid[2]):
        row, column = number // grid[2] % grid[1], number % grid[2]
        is_hidden = any(
            top <= row < top + block[0] and left <= column < left + block[1]
            for top, left in zip(tops, lefts, strict=True)
        )
        (hidden if is_hidden else seen).append(number)
    return seen, hidden


@pytest.mark.parametrize('settings', [SHORT, LONG])
@pytest.mark.parametrize('grid', [GRID, (2, 8, 8), (1, 4, 6)])
def test_masks_equal_a_literal_reference(settings, grid):
    draws, num_samples = seeded(3), 6
    ratio = 0.75 + 0.75 * torch.rand((), generator=draws).item()
    area = int(grid[1] * grid[2] * settings['scale'])
    block = (
        min(round(math.sqrt(area * ratio)), grid[1]),
        min(round(math.sqrt(area / ratio)), grid[2]),
    )
    splits = [None] * num_samples
    while missing := [i for i, split in enumerate(splits) if not (split and split[0])]:
        shape = (len(missing), settings['num_blocks'], 1)
        tops = torch.randint(grid[1] - block[0] + 1, shape, generator=draws)
        lefts = torch.randint(grid[2] - block[1] + 1, shape, generator=draws)
        for i, top, left in zip(missing, tops, lefts, strict=True):
            splits[i] = literal_split(top.flatten(), left.flatten(), block, grid)
    shortest = [min(len(split[kind]) for split in splits) for kind in (0, 1)]
    expected = [[split[kind][: shortest[kind]] for split in splits] for kind in (0, 1)]
    seen, hidden = BlockMask(**settings)(num_samples, grid, seeded(3))
    assert (seen.tolist(), hidden.tolist()) == tuple(expected)


@pytest.mark.parametrize('settings', [SHORT, LONG])
def test_shares_are_those_of_a_literal_simulation(settings):
    """How often a place is hidden, over draws of size and places by Python's generator."""
    rng, (_, height, width), rounds = random.Random(0), GRID, 1500
    expected = torch.zeros(height, width)
    for _ in range(rounds):
        ratio = rng.uniform(0.75, 1.5)
        area = int(height * width * settings['scale'])
        rows, columns = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        covered = torch.ones(height, width)
        while covered.all():
            covered = torch.zeros(height, width)
            for _ in range(settings['num_blocks']):
                top, left = rng.randint(0, height - rows), rng.randint(0, width - columns)
                covered[top : top + rows, left : left + columns] = 1
        expected += covered / rounds
    found = torch.zeros(height, width)
    generator = seeded()
    for _ in range(rounds):
        ratio = 0.75 + 0.75 * torch.rand((), generator=generator).item()
        block = block_size(height, width, settings['scale'], ratio)
        blocks = draw_blocks(1, (height, width), block, settings['num_blocks'], generator)
        found += blocks[0] / rounds
    # A share of 1500 draws has a deviation of at most 0.013, a difference of two of 0.018.
    assert (found - expected).abs().max() < 4.5 * 0.018
    assert found.mean() == pytest.approx(expected.mean().item(), abs=0.01)


def test_a_batch_has_one_size_and_samples_have_places_of_their_own():
    covered = draw_blocks(64, (14, 14), (5, 6), 1, seeded())
    assert covered.sum(dim=(1, 2)).tolist() == [30] * 64
    assert len({tuple(places.flatten().tolist()) for places in covered}) > 30
    sizes = {block_size(14, 14, 0.15, ratio) for ratio in (0.75, 1.0, 1.5)}
    assert sizes == {(5, 6), (5, 5), (7, 4)}
    assert {block_size(14, 14, 0.7, ratio) for ratio in (0.75, 1.5)} == {(10, 14), (14, 10)}


def test_draws_depend_on_the_generator_alone():
    mask = BlockMask(**SHORT)
    first, again, other = (mask(4, GRID, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert first[0].shape != other[0].shape or not torch.equal(first[0], other[0])
    torch.manual_seed(5)
    first = shared_generator().initial_seed()
    assert shared_generator().initial_seed() != first
    torch.manual_seed(5)
    assert shared_generator().initial_seed() == first


def draw(across_processes):
    """Draw the masks of this process's share of 6 samples; processes have seeds of their own."""
    torch.manual_seed(get_rank())
    generator, num_samples = shared_generator(), 6 // get_world_size()
    masks = [BlockMask(**s, across_processes=across_processes) for s in (SHORT, LONG)]
    return [mask(num_samples, GRID, generator) for mask in masks]


@pytest.mark.parametrize('across_processes', [True, False])
def test_two_processes_draw_what_one_does(across_processes):
    """And drop the same with ``across_processes``; else each keeps more, or as much."""
    one, two = draw(True), run_on_processes(draw, 2, across_processes)
    longer = 0
    for number, expected in enumerate(one):
        for kind in (0, 1):
            # The sampler hands samples to the processes in turn.
            for rank in (0, 1):
                found, wanted = two[rank][number][kind], expected[kind][rank::2]
                longer += found.shape[1] - wanted.shape[1]
                assert torch.equal(found[:, : wanted.shape[1]], wanted)
    assert (longer == 0) == across_processes


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        (dict(SHORT, num_blocks=0), 'num_blocks of BlockMask must be at least 1'),
        (dict(SHORT, scale=1.0), 'scale of BlockMask must be between 0 and 1'),
        (dict(SHORT, aspect_ratio=(1.5, 0.75)), r'\(low, high\) with 0 < low <= high'),
    ],
)
def test_wrong_settings_are_explained(settings, message):
    with pytest.raises(InputError, match=message):
        BlockMask(**settings)


@pytest.mark.parametrize(
    ('scale', 'grid', 'size'),
    [(0.15, (2, 2, 2), '0 x 0 of 2 x 2'), (0.95, (2, 2, 3), '2 x 3 of 2 x 3')],
)
def test_blocks_that_do_not_fit_the_grid_are_explained(scale, grid, size):
    mask = BlockMask(2, scale, aspect_ratio=(0.5, 0.5))
    with pytest.raises(InputError, match=f'has {size} tokens: choose another scale'):
        mask(2, grid, seeded())
