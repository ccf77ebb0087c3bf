"""The masks of V-JEPA: blocks of a clip are hidden, over its whole length."""

import math
from collections.abc import Sequence

import torch
from mmengine.dist import get_rank, get_world_size
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.registry import MODELS

__all__ = ['BlockMask', 'block_size', 'draw_blocks', 'split_tokens']


def block_size(height: int, width: int, scale: float, aspect_ratio: float) -> tuple[int, int]:
    """Return the height and width of a block, in tokens.

    Args:
        height: The rows of the grid of tokens.
        width: Its columns.
        scale: The share of the grid that a block covers.
        aspect_ratio: The height of the block, relative to its width.
    """
    area = int(height * width * scale)
    rows, columns = round(math.sqrt(area * aspect_ratio)), round(math.sqrt(area / aspect_ratio))
    return min(rows, height), min(columns, width)


def draw_blocks(
    num_samples: int,
    grid: tuple[int, int],
    block: tuple[int, int],
    num_blocks: int,
    generator: torch.Generator,
) -> Tensor:
    """Draw which places of each sample are covered by blocks; they may overlap.

    A sample whose blocks cover the whole grid is drawn again.

    Args:
        num_samples: N.
        grid: The rows H and columns W of the grid.
        block: The rows and columns of a block, fewer than those of the grid in one of the two.
        num_blocks: The blocks of a sample.
        generator: The source of all draws, on the CPU.

    Returns:
        bool ``[N, H, W]``, true where a block lies.
    """
    within = []  # for each axis whether a block covers a line of it: [N, blocks, lines]
    for lines, length in zip(grid, block, strict=True):
        shape = (num_samples, num_blocks, 1)
        first = torch.randint(lines - length + 1, shape, generator=generator)
        place = torch.arange(lines)
        within.append((first <= place) & (place < first + length))
    rows, columns = within
    covered = (rows.unsqueeze(3) & columns.unsqueeze(2)).any(dim=1)
    is_full = covered.flatten(1).all(dim=1)
    if is_full.any():
        again = draw_blocks(int(is_full.sum()), grid, block, num_blocks, generator)
        covered[is_full] = again
    return covered


def split_tokens(
    covered: Tensor, num_steps: int, lengths: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Return the numbers of the tokens that are seen, and of those that are hidden.

    Args:
        covered: bool ``[N, H, W]``, the places that are hidden at all times.
        num_steps: The length of the grid in time, T.
        lengths: How many tokens of each kind to keep: K and M; the last of a sample are dropped.

    Returns:
        ``[N, K]`` and ``[N, M]``, ascending; tokens are counted in the order of time, row, column.
    """
    hidden = covered.flatten(1).repeat(1, num_steps)
    seen_first = hidden.int().argsort(dim=1, stable=True)
    hidden_first = (~hidden).int().argsort(dim=1, stable=True)
    return seen_first[:, : lengths[0]], hidden_first[:, : lengths[1]]


@MODELS.register_module()
class BlockMask(nn.Module):
    """Hide blocks of a clip: the rest is the context, from which the hidden tokens are predicted.

    A block has a place in the frame and lasts from the first frame to the last one. All blocks of
    a batch have one size, whose aspect ratio is drawn; their places are drawn for each sample. The
    lists of tokens of a batch are cut to the shortest one, which drops the last tokens.

    Each process draws the masks for the samples of all processes from a generator that all share,
    and returns those of its own: several processes draw what one would. But following the authors'
    code each cuts the lists of its own samples, so that it drops less than one process would; see
    ``across_processes``.

    Source: Bardes et al., "Revisiting Feature Prediction for Learning Visual Representations from
    Video", section 3.2; the cut and the common size follow the authors' code.

    Args:
        num_blocks: The blocks of a sample: 8 of V-JEPA's short-range masks, 2 of the long-range
            ones.
        scale: The share of a frame that a block covers: 0.15 and 0.7.
        aspect_ratio: The smallest and the largest height of a block, relative to its width.
        across_processes: Whether the lists are cut to the shortest of all processes. Then several
            processes train exactly as one would, but drop more: of the short-range masks of 128 x
            24 samples on 14 x 14 places a context keeps 28 instead of 48 places, of 75.
    """

    def __init__(
        self,
        num_blocks: int,
        scale: float,
        aspect_ratio: Sequence[float] = (0.75, 1.5),
        across_processes: bool = False,
    ) -> None:
        super().__init__()
        if num_blocks < 1:
            raise InputError(f'num_blocks of BlockMask must be at least 1, got {num_blocks}')
        if not 0 < scale < 1:
            raise InputError(f'scale of BlockMask must be between 0 and 1, got {scale}')
        if not (len(aspect_ratio) == 2 and 0 < aspect_ratio[0] <= aspect_ratio[1]):
            raise InputError(
                'aspect_ratio of BlockMask must be (low, high) with 0 < low <= high, got '
                f'{aspect_ratio!r}'
            )
        self.num_blocks = num_blocks
        self.scale = scale
        self.aspect_ratio = tuple(aspect_ratio)
        self.across_processes = across_processes

    def forward(
        self, num_samples: int, grid: tuple[int, int, int], generator: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Draw the masks of a batch.

        Args:
            num_samples: The samples of this process, N; the same number on all.
            grid: The tokens of a clip along time, height and width.
            generator: A generator on the CPU in the same state on all processes.

        Returns:
            The numbers of the context's tokens ``[N, K]`` and of the hidden ones ``[N, M]``, in the
            order of time, row, column.

        Raises:
            InputError: A block is empty, or covers the whole grid.
        """
        num_steps, *plane = grid
        low, high = self.aspect_ratio
        ratio = low + (high - low) * torch.rand((), generator=generator).item()
        block = block_size(*plane, self.scale, ratio)
        if min(block) < 1 or block == tuple(plane):
            raise InputError(
                f'a block of BlockMask with scale={self.scale} has {block[0]} x {block[1]} of '
                f'{plane[0]} x {plane[1]} tokens: choose another scale, smaller patches or larger '
                'clips'
            )
        size = num_samples * get_world_size()
        everyone = draw_blocks(size, plane, block, self.num_blocks, generator)
        own = everyone[get_rank() :: get_world_size()]
        hidden = (everyone if self.across_processes else own).sum(dim=(1, 2))
        seen = plane[0] * plane[1] - hidden
        lengths = (num_steps * int(seen.min()), num_steps * int(hidden.min()))
        return split_tokens(own, num_steps, lengths)

    def extra_repr(self) -> str:
        """Show the settings when printed."""
        return f'{self.num_blocks} blocks of {self.scale}, aspect_ratio={self.aspect_ratio}'
