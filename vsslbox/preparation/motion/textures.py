"""Textures made by code."""

import colorsys

import cv2
import numpy as np

__all__ = ['TEXTURES', 'TEXTURE_SIZE', 'draw_texture', 'hue_colour']

TEXTURES = ('checker', 'clouds', 'rings', 'scales', 'stripes', 'waves', 'bricks', 'dots')
TEXTURE_SIZE = 256  # pixels of a side


def hue_colour(hue: float, rng: np.random.Generator) -> np.ndarray:
    """Draw a colour of a hue in [0, 1], RGB in [0, 1]."""
    return np.array(colorsys.hsv_to_rgb(hue % 1, rng.uniform(0.25, 0.9), rng.uniform(0.45, 1.0)))


def draw_texture(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Draw one of the :data:`TEXTURES` in random colours, a tile without seams.

    Returns:
        RGB in [0, 1], float32 ``[S, S, 3]``.
    """
    line = np.linspace(0, 1, TEXTURE_SIZE, endpoint=False)
    x, y = np.meshgrid(line, line)
    if rng.random() < 0.5:
        x, y = y, x
    turn, few, many = 2 * np.pi, rng.integers(1, 4), rng.integers(3, 6)
    if kind == 'checker':
        field = np.sin(turn * many * x) * np.sin(turn * many * y) * 4
    elif kind == 'clouds':
        field = 1.6 * (_noise(4, rng) + _noise(9, rng) / 2 + _noise(20, rng) / 3)
    elif kind == 'rings':
        field = 2 * np.sin(turn * many * 2 * _from_centre(x, y, 1))
    elif kind == 'scales':
        row = np.floor(y * many * 2)
        field = 3 * (np.hypot((x * many + row / 2) % 1 - 0.5, (y * many * 2) % 1 * 0.6) - 0.45) * 3
    elif kind == 'stripes':
        field = 2 * np.sin(turn * (many * x + few * y))
    elif kind == 'waves':
        field = 2 * np.sin(turn * (many * x + 0.12 * few * np.sin(turn * few * y)))
    elif kind == 'bricks':
        row = np.floor(y * many * 2)
        across, down = (x * many + row / 2) % 1, (y * many * 2) % 1
        field = np.where(np.minimum(across, down / 2) < 0.06, -1.0, 1.0)
    elif kind == 'dots':
        field = 4 * (0.3 - _from_centre(x, y, many) * many)
    else:
        raise ValueError(f'there is no texture {kind!r}')
    share = np.clip(0.5 + 0.5 * field + 0.15 * _noise(40, rng), 0, 1)[..., None]
    first, second = hue_colour(rng.random(), rng), hue_colour(rng.random(), rng)
    texture = (first * share + second * (1 - share)).astype(np.float32)
    padded = np.pad(texture, ((4, 4), (4, 4), (0, 0)), mode='wrap')
    return np.ascontiguousarray(cv2.GaussianBlur(padded, (7, 7), 1.0)[4:-4, 4:-4])


def _from_centre(x: np.ndarray, y: np.ndarray, cells: int) -> np.ndarray:
    """Return the distance from the centre of the cell, of ``cells`` along each side."""
    return np.hypot((x * cells) % 1 - 0.5, (y * cells) % 1 - 0.5) / cells


def _noise(cells: int, rng: np.random.Generator) -> np.ndarray:
    """Draw noise of a coarse grid that has no seams, ``[S, S]``."""
    grid = np.tile(rng.standard_normal((cells, cells)).astype(np.float32), (3, 3))
    fine = cv2.resize(grid, (3 * TEXTURE_SIZE,) * 2, interpolation=cv2.INTER_CUBIC)
    return fine[TEXTURE_SIZE : 2 * TEXTURE_SIZE, TEXTURE_SIZE : 2 * TEXTURE_SIZE]
