"""Positions of the tokens of a clip: a table that is added, or rotations of queries and keys.

A clip has a grid of ``(T', H', W')`` tokens; tokens are in the order of time, row, column.
"""

import math

import torch
from torch import Tensor

from vsslbox.errors import InputError

__all__ = ['rotary_table', 'rotate', 'sincos_3d_table', 'sincos_quarters_table']


def sincos_3d_table(grid: tuple[int, int, int], embed_dims: int) -> Tensor:
    """Compute sines and cosines of time, row and column, a third of the width each (V-JEPA).

    An axis has A = 2 ceil(D / 6) dimensions: A / 2 sines, then A / 2 cosines, of position *
    10000^(-2j / A). The last dimensions of the columns are cut off if 3 A > D.

    Args:
        grid: The numbers of tokens along time, rows and columns.
        embed_dims: The width of a token, D.

    Returns:
        ``[T' * H' * W', D]``, float32.
    """
    width = 2 * math.ceil(embed_dims / 6)
    return _sines_and_cosines(_axes(grid), [width] * 3)[:, :embed_dims].float()


def sincos_quarters_table(grid: tuple[int, int, int], embed_dims: int) -> Tensor:
    """Compute sines and cosines of time in a quarter of the width, then of column and row (MVD).

    Column and row have half of the rest each; the form of an axis is that of
    :func:`sincos_3d_table`.

    Args:
        grid: The numbers of tokens along time, rows and columns.
        embed_dims: The width of a token, D, a multiple of 16.

    Returns:
        ``[T' * H' * W', D]``, float32.
    """
    times, rows, columns = _axes(grid)
    quarter, rest = embed_dims // 4, embed_dims // 4 * 3 // 2
    return _sines_and_cosines([times, columns, rows], [quarter, rest, rest]).float()


def rotary_table(
    grid: tuple[int, int, int], head_dims: int, paired: bool, span: int | None = None
) -> Tensor:
    """Compute the cosines and sines that rotate queries and keys by time, row and column.

    An axis has A = 2 floor(H / 6) of the H dimensions of a head; time comes first, dimensions
    beyond 3 A are not rotated. Dimensions 2i and 2i + 1 form a pair, with A / 2 frequencies f_j =
    10000^(-2j / A) in an axis. ``paired`` rotates both by the angle of f_i (V-JEPA 2.1). Otherwise
    dimension d has the angle of f_(d mod A / 2), so that the halves of a pair differ and the result
    is not a rotation: V-JEPA 2 was trained with these tables, and its weights need them.

    Args:
        grid: The numbers of tokens along time, rows and columns.
        head_dims: The dimensions of a head, H: an even number, 6 or more.
        paired: See above.
        span: If given, rows and columns are stretched to 0 ... span - 1 (V-JEPA 2.1: 16).

    Returns:
        ``[T' * H' * W', 2, H]``, float32.

    Raises:
        InputError: ``head_dims`` is odd or too small.
    """
    if head_dims % 2 or head_dims < 6:
        raise InputError(
            f'rotary positions need heads of an even number of dimensions, 6 or more, got '
            f'{head_dims}: change embed_dims or num_heads'
        )
    width = 2 * (head_dims // 6)
    angles = []
    for number, (axis, length) in enumerate(zip(_axes(grid), grid, strict=True)):
        if span is not None and number > 0:
            axis = axis * (span - 1) / max(length - 1, 1)
        angle = axis[:, None] * _frequencies(width)
        angles.append(angle.repeat_interleave(2, dim=1) if paired else angle.repeat(1, 2))
    rest = torch.zeros(len(angles[0]), head_dims - 3 * width, dtype=torch.float64)
    angles = torch.cat([*angles, rest], dim=1)
    return torch.stack([angles.cos(), angles.sin()], dim=1).float()


def rotate(x: Tensor, rotary: Tensor) -> Tensor:
    """Rotate queries or keys, in the precision of the table if it is the higher one.

    Args:
        x: ``[N, heads, L, H]``.
        rotary: Rows of :func:`rotary_table`, ``[L, 2, H]`` or ``[N, L, 2, H]``.
    """
    cos, sin = rotary.unbind(-2)
    if cos.ndim == 3:
        cos, sin = cos[:, None], sin[:, None]
    turned = torch.stack([-x[..., 1::2], x[..., ::2]], dim=-1).flatten(-2)
    return (x * cos + turned * sin).to(x.dtype)


def _axes(grid: tuple[int, int, int]) -> list[Tensor]:
    """Return the time, row and column of each token, ``[L]`` float64 each."""
    places = [torch.arange(length, dtype=torch.float64) for length in grid]
    return [axis.flatten() for axis in torch.meshgrid(places, indexing='ij')]


def _sines_and_cosines(axes: list[Tensor], widths: list[int]) -> Tensor:
    """Return the sines, then the cosines of each axis; half of its width each."""
    angles = [axis[:, None] * _frequencies(width) for axis, width in zip(axes, widths, strict=True)]
    return torch.cat([part for angle in angles for part in (angle.sin(), angle.cos())], dim=1)


def _frequencies(width: int) -> Tensor:
    return 10000 ** -(torch.arange(width // 2, dtype=torch.float64) / (width / 2))
