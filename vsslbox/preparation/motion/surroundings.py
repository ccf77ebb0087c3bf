"""The floor, its shadows and the background of a video."""

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from vsslbox.preparation.motion.camera import Camera
from vsslbox.preparation.motion.textures import TEXTURE_SIZE

__all__ = ['Surroundings']

TILE = 2.0  # metres of a side of the floor's texture
TILE_ANGLE = math.radians(60)  # of a side of the background's
FADE = 7.0  # metres at which the floor's texture has faded, since it would flicker


@dataclass(frozen=True)
class Surroundings:
    """A floor and a background with textures.

    Attributes:
        floor: See :func:`draw_texture`.
        background: The same.
        turns: The angle by which each of them is turned, in radians.
        tint: The colour of the light, RGB.
        ambient: The light on the floor where a shadow falls.
        direct: The light that is added elsewhere.
    """

    floor: np.ndarray
    background: np.ndarray
    turns: tuple[float, float]
    tint: np.ndarray
    ambient: float
    direct: float

    @cached_property
    def plain(self) -> np.ndarray:
        """The mean colour of the floor, which far parts of it have."""
        return self.floor.mean(axis=(0, 1))

    def seen_by(
        self, camera: Camera, size: int, light: Camera, shadow: np.ndarray | None
    ) -> np.ndarray:
        """Return what a camera sees if there are no bodies, RGB, float32 ``[size, size, 3]``.

        Args:
            camera: The camera.
            size: The pixels of a side.
            light: A camera at the place of the light.
            shadow: How much of its light bodies take away, in its picture ``[S, S]``; None if they
                cast no shadows.
        """
        rays = camera.rays(size)
        floor = self._floor(camera.eye, rays, light, shadow)
        background = self._background(rays)
        pixel = 2 * camera.half / size
        below = np.clip(0.5 - rays[..., 2:] / pixel, 0, 1)
        return self.tint * (background + below * (floor - background))

    def _floor(
        self, eye: np.ndarray, rays: np.ndarray, light: Camera, shadow: np.ndarray | None
    ) -> np.ndarray:
        reach = -np.float32(eye[2]) / np.minimum(rays[..., 2:], -1e-3)
        points = np.float32(eye) + reach * rays
        squares = reach**2 * (rays**2).sum(axis=-1, keepdims=True)
        share = np.exp(-squares / FADE**2)
        cosine, sine = math.cos(self.turns[0]), math.sin(self.turns[0])
        across = cosine * points[..., 0] + sine * points[..., 1]
        along = cosine * points[..., 1] - sine * points[..., 0]
        tile = _look_up(self.floor, across / TILE, along / TILE)
        colours = share * tile + (1 - share) * self.plain
        if shadow is None:
            return colours * (self.ambient + self.direct)
        places = light.see(points, len(shadow))
        dark = cv2.remap(shadow, places, None, cv2.INTER_LINEAR)[..., None]
        return colours * (self.ambient + self.direct * (1 - dark))

    def _background(self, rays: np.ndarray) -> np.ndarray:
        azimuth = np.arctan2(rays[..., 1], rays[..., 0]) + self.turns[1]
        elevation = np.arctan2(rays[..., 2], np.hypot(rays[..., 0], rays[..., 1]))
        return _look_up(self.background, azimuth / TILE_ANGLE, -elevation / TILE_ANGLE)


def _look_up(texture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the colours of a texture that repeats with period 1 at places ``[S, S]``."""
    places = [np.float32((axis % 1) * TEXTURE_SIZE - 0.5) for axis in (x, y)]
    return cv2.remap(texture, *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
