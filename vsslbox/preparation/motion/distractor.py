"""Things that move in the picture and do not belong to the action."""

from typing import Any

import numpy as np

from vsslbox.preparation.motion.textures import hue_colour

__all__ = ['Distractor']

SHAPES = ('sphere', 'box', 'capsule', 'cylinder')


class Distractor:
    """A thing that circles around the body and bounces.

    Args:
        bullet: The simulation; see :func:`simulation`.
        rng: The generator of its shape, colour and way.
    """

    def __init__(self, bullet: Any, rng: np.random.Generator) -> None:
        self.bullet = bullet
        shape, self.radius = rng.choice(SHAPES), rng.uniform(0.07, 0.15)
        visual = bullet.createVisualShape(
            getattr(bullet, f'GEOM_{shape.upper()}'),
            radius=self.radius,
            length=self.radius * 2,
            halfExtents=[self.radius * 0.8] * 3,
            rgbaColor=(*hue_colour(rng.random(), rng), 1),
            specularColor=(0, 0, 0),
        )
        self.body = bullet.createMultiBody(baseVisualShapeIndex=visual)
        self.reach, self.angle = rng.uniform(0.7, 1.1), rng.uniform(0, 2 * np.pi)
        self.turn = rng.uniform(0.5, 1.5) * rng.choice([-1, 1])  # radians a second
        self.bounce, self.beat = rng.uniform(0, 1.2), rng.uniform(1.5, 4)
        self.roll = rng.uniform(-4, 4, 3)

    def move(self, place: np.ndarray, seconds: float) -> None:
        """Move to where it is at a time, around a place on the ground ``[2]``."""
        angle = self.angle + self.turn * seconds
        height = 1.5 * self.radius + self.bounce * abs(np.sin(self.beat * seconds + self.angle))
        position = [*(place + self.reach * np.array([np.cos(angle), np.sin(angle)])), height]
        rotation = self.bullet.getQuaternionFromEuler((self.roll * seconds).tolist())
        self.bullet.resetBasePositionAndOrientation(self.body, position, rotation)
