"""The masks of VideoMAE against their law."""

from collections import Counter

import numpy as np
import pytest

from vsslbox.datasets.transforms import MaskRunningCells, MaskTubes
from vsslbox.errors import InputError

RNG = np.random.default_rng(0)


def masked(*steps, rng=RNG):
    results = dict(rng=rng)
    for step in steps:
        step(results)
    return results['targets']


@pytest.mark.parametrize(
    ('grid', 'ratio', 'num_visible'),
    [((8, 14, 14), 0.9, 160), ((8, 14, 14), 0.75, 392), ((2, 3, 4), 0.5, 12)],
)
def test_tubes_hide_the_same_places_at_all_times(grid, ratio, num_visible):
    times, height, width = grid
    targets = masked(MaskTubes(grid, ratio))
    visible, predicted = targets['visible_tokens'].tolist(), targets['predicted_tokens'].tolist()
    assert len(visible) == num_visible
    assert sorted(visible + predicted) == list(range(times * height * width))
    assert visible == sorted(visible)
    assert predicted == sorted(predicted)
    places = {number % (height * width) for number in visible}
    assert len(places) * times == num_visible
    assert tuple(targets['token_grid']) == grid


def test_every_set_of_places_is_as_likely():
    """Six sets of two of four places: 3000 draws, 500 each, whose deviation is 20."""
    mask, rng = MaskTubes((1, 2, 2), 0.5), np.random.default_rng(1)
    counts = Counter(tuple(masked(mask, rng=rng)['visible_tokens']) for _ in range(3000))
    assert len(counts) == 6
    assert all(abs(count - 500) < 100 for count in counts.values())


class Cell:
    """A cell as in the authors' description: a queue of four, read from a moving place."""

    def __init__(self, num_left_out, start):
        self.queue = [1] * num_left_out + [0] * (4 - num_left_out)
        self.start = start

    def next(self):
        self.start += 1
        return [self.queue[(place + self.start) % 4] for place in range(4)]


def literal_kept(grid, num_left_out, start):
    cell, kept = Cell(num_left_out, start), []
    for time in range(grid[0]):
        left_out = cell.next()
        for row in range(grid[1]):
            for column in range(grid[2]):
                if not left_out[2 * (row % 2) + column % 2]:
                    kept.append((time * grid[1] + row) * grid[2] + column)
    return kept


@pytest.mark.parametrize('num_left_out', [1, 2, 3])
def test_running_cells_keep_one_of_four_maps(num_left_out):
    grid, rng = (8, 4, 6), np.random.default_rng(2)
    steps = MaskTubes(grid, 0.75), MaskRunningCells(grid, num_left_out / 4)
    maps = [literal_kept(grid, num_left_out, start) for start in range(4)]
    hidden_counts, starts = set(), Counter()
    for _ in range(100):
        targets = masked(*steps, rng=rng)
        starts[maps.index(targets['predicted_tokens'].tolist())] += 1
        hidden_counts.add(len(set(targets['predicted_tokens']) - set(targets['visible_tokens'])))
    assert set(starts) == set(range(4))
    assert hidden_counts == {8 * 18 * (4 - num_left_out) // 4}  # the same for all samples


@pytest.mark.parametrize(
    ('make', 'message'),
    [
        (lambda: MaskTubes((14, 14)), r'numbers of tokens in time, rows, columns, got \(14, 14\)'),
        (lambda: MaskTubes((8, 14, 14), 0.001), 'hides 0 of 196 places'),
        (lambda: MaskTubes((8, 14, 14), 1.0), 'hides 196 of 196 places'),
        (lambda: MaskRunningCells((6, 14, 14)), 'a multiple of 4 tokens in time'),
        (lambda: MaskRunningCells((8, 7, 14)), 'even numbers of rows and columns'),
        (lambda: MaskRunningCells((8, 14, 14), 0.3), 'must be 0.25, 0.5 or 0.75, got 0.3'),
        (
            lambda: masked(MaskTubes((4, 2, 2), 0.5), MaskRunningCells((8, 2, 2))),
            r'must follow MaskTubes with the same grid, got \(4, 2, 2\)',
        ),
        (lambda: MaskRunningCells((8, 2, 2))(dict(rng=RNG)), 'got no mask'),
    ],
)
def test_wrong_masks(make, message):
    with pytest.raises(InputError, match=message):
        make()
