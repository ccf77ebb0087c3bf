"""The mask of VideoMAE."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['MaskTubes', 'check_grid']


@TRANSFORMS.register_module()
class MaskTubes(BaseTransform):
    """Hide tokens from the network at the same places of all times.

    Of the H' * W' places, ``int(ratio * H' * W')`` are hidden, each set with the same probability.

    Required keys: ``rng``. Targets, with the numbers of tokens in the order of time, row, column:
    ``visible_tokens`` ``[K]``, which the network sees; ``predicted_tokens`` ``[M]``, all others;
    ``token_grid`` ``[3]``.

    Source: Tong et al., "VideoMAE: Masked Autoencoders are Data-Efficient Learners for
    Self-Supervised Video Pre-Training", NeurIPS 2022, section 3.3, and the authors' code.

    Args:
        grid: The numbers of tokens of a clip along time, rows and columns: T', H', W'.
        ratio: The share of the places that are hidden.

    Raises:
        InputError: The grid is none, or no place or all places would be hidden.
    """

    def __init__(self, grid: Sequence[int] = (8, 14, 14), ratio: float = 0.9) -> None:
        self.grid = check_grid(grid)
        self.num_places = self.grid[1] * self.grid[2]
        self.num_hidden = int(ratio * self.num_places)
        if not 0 < self.num_hidden < self.num_places:
            raise InputError(
                f'ratio={ratio!r} of MaskTubes hides {self.num_hidden} of {self.num_places} '
                'places: choose one that hides some of them and shows some'
            )

    def transform(self, results: dict) -> dict:
        """Add the targets."""
        places = results['rng'].permutation(self.num_places)
        hidden = np.zeros((self.grid[0], self.num_places), bool)
        hidden[:, places[: self.num_hidden]] = True
        targets = results.setdefault('targets', {})
        targets['visible_tokens'] = np.flatnonzero(~hidden)
        targets['predicted_tokens'] = np.flatnonzero(hidden)
        targets['token_grid'] = np.array(self.grid)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(grid={self.grid}, num_hidden={self.num_hidden})'


def check_grid(grid: Sequence[int]) -> tuple[int, int, int]:
    """Return a grid of tokens as a tuple.

    Raises:
        InputError: It is not three positive numbers.
    """
    if len(grid) != 3 or any(size < 1 for size in grid):
        raise InputError(f'grid must be the numbers of tokens in time, rows, columns, got {grid!r}')
    time, rows, columns = grid
    return time, rows, columns
