"""The decoder's mask of VideoMAE v2."""

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.datasets.transforms.masking.mask_tubes import check_grid
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['MaskRunningCells']

_CELL = 4  # tokens of 2 rows and 2 columns


@TRANSFORMS.register_module()
class MaskRunningCells(BaseTransform):
    """Leave part of the tokens out of what the decoder predicts.

    Rows and columns are split into cells of 2x2 tokens. Of the four tokens, ``4 * ratio`` in a row
    are left out; from one time to the next, those left out move on by one, and all cells do the
    same. Where they begin is drawn, one of four.

    The tokens that are left are predicted, whether the network sees them or not, following the
    authors' code; the loss counts those that it does not see. Over 4 times each place is left out
    equally often: with T' a multiple of 4, all samples have the same number of each.

    Required keys: ``rng``, ``targets`` of ``MaskTubes``. Modified: the target
    ``predicted_tokens``, which becomes ``[(1 - ratio) * L]``.

    Source: Wang et al., "VideoMAE V2: Scaling Video Masked Autoencoders with Dual Masking", CVPR
    2023, section 3.2, and the authors' code.

    Args:
        grid: The numbers of tokens of a clip along time, rows and columns: T', H', W'.
        ratio: The share of the tokens that are left out: 0.25, 0.5 or 0.75.

    Raises:
        InputError: Another ratio; T' is not a multiple of 4, or H' or W' is odd.
    """

    def __init__(self, grid: Sequence[int] = (8, 14, 14), ratio: float = 0.5) -> None:
        times, height, width = check_grid(grid)
        if times % _CELL or height % 2 or width % 2:
            raise InputError(
                'MaskRunningCells needs a multiple of 4 tokens in time and even numbers of rows '
                f'and columns, got grid={tuple(grid)}'
            )
        if _CELL * ratio not in (1, 2, 3):
            raise InputError(f'ratio of MaskRunningCells must be 0.25, 0.5 or 0.75, got {ratio!r}')
        rows, columns = np.indices((height, width)) % 2
        phases = 2 * rows + columns + np.arange(times)[:, None, None]
        self.phases = phases % _CELL
        self.num_left_out = int(_CELL * ratio)

    def transform(self, results: dict) -> dict:
        """Change the target.

        Raises:
            InputError: The sample has no mask, or one of another grid.
        """
        targets = results.get('targets', {})
        grid = tuple(np.asarray(targets.get('token_grid', ())).tolist())
        if grid != self.phases.shape:
            raise InputError(
                f'MaskRunningCells(grid={self.phases.shape}) must follow MaskTubes with the same '
                f'grid, got {grid or "no mask"}'
            )
        phase = results['rng'].integers(_CELL)
        kept = (self.phases + phase) % _CELL >= self.num_left_out
        targets['predicted_tokens'] = np.flatnonzero(kept)
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(grid={self.phases.shape}, num_left_out={self.num_left_out})'
