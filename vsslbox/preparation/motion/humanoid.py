"""The body that performs a captured motion."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from vsslbox.preparation.motion.capture import JOINT_PARTS, JOINTS, ROOT, data_folder

__all__ = ['GARMENTS', 'Humanoid']

SCALE = 0.25  # of the model's units to metres
LEGS = ('right_hip', 'right_knee', 'left_hip', 'left_knee')
ARMS = ('right_shoulder', 'right_elbow', 'left_shoulder', 'left_elbow')
GARMENTS = dict(
    shirt=('chest', 'right_shoulder', 'left_shoulder'),
    trousers=('root', *LEGS),
    skin=('neck', 'right_elbow', 'left_elbow', 'right_wrist', 'left_wrist'),
    shoes=('right_ankle', 'left_ankle'),
)
# Solids that close the gaps of the model's trunk: link, geometry, sizes, height above the joint.
TRUNK = (
    ('chest', 'sphere', dict(radius='0.38'), 0.06),
    ('chest', 'capsule', dict(radius='0.24', length='1.1'), 0.78),
    ('neck', 'sphere', dict(radius='0.22'), 0.18),
)
UPRIGHT = (np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5))  # turns y, which is up in captures, to z


class Humanoid:
    """pybullet's humanoid with proportions of its own.

    Args:
        bullet: The client of the simulation that it is loaded into.
        legs: The length of the legs relative to the model's.
        arms: The length of the arms.
        girth: The thickness of limbs and trunk.
    """

    def __init__(
        self, bullet: Any, legs: float = 1.0, arms: float = 1.0, girth: float = 1.0
    ) -> None:
        self.bullet = bullet
        self.legs = legs
        model = _model(legs, arms, girth)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / 'humanoid.urdf'
            path.write_bytes(ElementTree.tostring(model))
            self.body = bullet.loadURDF(str(path), globalScaling=SCALE, useFixedBase=True)
        self.links = {
            bullet.getJointInfo(self.body, number)[12].decode(): number
            for number in range(bullet.getNumJoints(self.body))
        }

    def dress(self, colours: Mapping[str, tuple]) -> None:
        """Colour the links of each of the :data:`GARMENTS`, RGB in [0, 1]."""
        for garment, colour in colours.items():
            for link in GARMENTS[garment]:
                self.bullet.changeVisualShape(
                    self.body, self.links[link], rgbaColor=(*colour, 1), specularColor=(0, 0, 0)
                )

    def pose(self, pose: np.ndarray, clearance: float | None = None) -> float:
        """Take a pose, and return how far the body is above the ground, in metres.

        Args:
            pose: See :class:`Capture`. Steps become as long as the legs are.
            clearance: How far it is to be above the ground instead of where the pose has it.
        """
        position = pose[:3] * (self.legs, 1, self.legs)
        position, rotation = self.bullet.multiplyTransforms(
            (0, 0, 0), UPRIGHT, position.tolist(), pose[ROOT].tolist()
        )
        self.bullet.resetBasePositionAndOrientation(self.body, position, rotation)
        for (name, size), part in zip(JOINTS, JOINT_PARTS, strict=True):
            if size == 4:
                self.bullet.resetJointStateMultiDof(self.body, self.links[name], pose[part])
            else:
                self.bullet.resetJointState(self.body, self.links[name], pose[part][0])
        lowest = self._lowest()
        if clearance is not None:
            position = (*position[:2], position[2] + clearance - lowest)
            self.bullet.resetBasePositionAndOrientation(self.body, position, rotation)
        return lowest

    def root(self) -> tuple[float, float, float]:
        """Return the position of the root in metres; z is up."""
        return self.bullet.getBasePositionAndOrientation(self.body)[0]

    def _lowest(self) -> float:
        self.bullet.performCollisionDetection()  # which updates the boxes
        return min(self.bullet.getAABB(self.body, link)[0][2] for link in self.links.values())


def _model(legs: float, arms: float, girth: float) -> ElementTree.Element:
    """Return pybullet's model with other proportions, as the root of its URDF."""
    text = (data_folder() / 'humanoid' / 'humanoid.urdf').read_text(encoding='utf-8')
    text, end, _ = text.partition('</robot>')  # after which the file holds other bytes
    model = ElementTree.fromstring(text + end)
    links = {link.get('name'): link for link in model.iter('link')}
    for link, geometry, sizes, height in TRUNK:
        solid = ElementTree.SubElement(links[link], 'collision')
        ElementTree.SubElement(solid, 'origin', rpy='0 0 0', xyz=f'0 {height} 0')
        ElementTree.SubElement(ElementTree.SubElement(solid, 'geometry'), geometry, sizes)
    lengths = {**dict.fromkeys(LEGS, legs), **dict.fromkeys(ARMS, arms)}
    for name, link in links.items():
        length = lengths.get(name, 1.0)
        for shape in link.iter('collision'):
            _scale(shape.find('origin'), 'xyz', length)
            for solid in shape.find('geometry'):
                _scale(solid, 'radius', girth)
                _scale(solid, 'length', length)
    for joint in model.iter('joint'):
        _scale(joint.find('origin'), 'xyz', lengths.get(joint.find('parent').get('link'), 1.0))
        if joint.find('axis') is None:
            ElementTree.SubElement(joint, 'axis', xyz='1 0 0')  # pybullet warns without one
    return model


def _scale(element: ElementTree.Element, name: str, factor: float) -> None:
    if element.get(name):
        values = (float(value) * factor for value in element.get(name).split())
        element.set(name, ' '.join(map(repr, values)))
