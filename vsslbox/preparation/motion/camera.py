"""Cameras: which direction each pixel looks in, and where points are seen."""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

__all__ = ['Camera']

NEAR, FAR = 0.1, 50.0  # metres


@dataclass(frozen=True)
class Camera:
    """Where a camera stands and what it sees; z is up.

    Attributes:
        eye: Its position in metres, ``[3]``.
        target: The point that it looks at, not straight above or below.
        fov: The angle of view in degrees.
    """

    eye: np.ndarray
    target: np.ndarray
    fov: float

    @cached_property
    def axes(self) -> np.ndarray:
        """The unit vectors ahead, to the right and upwards in the picture, ``[3, 3]``."""
        ahead = self.target - self.eye
        right = np.cross(ahead, [0, 0, 1])
        axes = np.stack([ahead, right, np.cross(right, ahead)])
        return axes / np.linalg.norm(axes, axis=1, keepdims=True)

    @property
    def half(self) -> float:
        """Half of a picture's side at a distance of 1."""
        return math.tan(math.radians(self.fov / 2))

    def rays(self, size: int) -> np.ndarray:
        """Return the direction of each pixel, 1 ahead, float32 ``[size, size, 3]``."""
        line = ((np.arange(size) + 0.5) / size * 2 - 1) * self.half
        ahead, right, above = self.axes
        rays = ahead + line[None, :, None] * right - line[:, None, None] * above
        return rays.astype(np.float32)

    def see(self, points: np.ndarray, size: int) -> np.ndarray:
        """Return the column and the row at which points are seen, float32 ``[..., 2]``."""
        ahead, right, above = np.moveaxis(
            (points - np.float32(self.eye)) @ np.float32(self.axes.T), -1, 0
        )
        places = np.stack([right, -above], axis=-1) / (ahead[..., None] * self.half)
        return (places + 1) / 2 * size - 0.5

    def shoot(self, bullet: Any, size: int, **light: object) -> np.ndarray:
        """Render the bodies of a simulation, RGB and opacity, uint8 ``[size, size, 4]``."""
        *_, colours, _, owners = bullet.getCameraImage(
            size,
            size,
            bullet.computeViewMatrix(self.eye.tolist(), self.target.tolist(), [0, 0, 1]),
            bullet.computeProjectionMatrixFOV(self.fov, 1, NEAR, FAR),
            renderer=bullet.ER_TINY_RENDERER,
            shadow=0,
            **light,
        )
        picture = np.reshape(colours, (size, size, 4)).astype(np.uint8)
        picture[np.reshape(owners, (size, size)) < 0] = 0
        return picture
