"""Captured human motion: the poses of a performance at any time."""

import json
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from vsslbox.utils import optional_module

__all__ = ['ACTIONS', 'JOINTS', 'Capture', 'data_folder', 'read_capture']

ACTIONS = (
    *('backflip', 'cartwheel', 'crawl', 'dance_a', 'dance_b', 'getup_facedown', 'getup_faceup'),
    *('jump', 'kick', 'punch', 'roll', 'run', 'spin', 'spinkick', 'walk'),
)

# The joints in the order of the files: quaternions, but angles for knees and elbows.
JOINTS = (
    *(('chest', 4), ('neck', 4)),
    *(('right_hip', 4), ('right_knee', 1), ('right_ankle', 4)),
    *(('right_shoulder', 4), ('right_elbow', 1)),
    *(('left_hip', 4), ('left_knee', 1), ('left_ankle', 4)),
    *(('left_shoulder', 4), ('left_elbow', 1)),
)
SEAM = 0.2  # seconds at the end of a cycle in which it turns into the beginning of the next


class Capture:
    """A performance of an action, as a function of time.

    A pose is a vector of 43: the position of the root in metres (x forwards at the beginning, y up,
    z to the right), its rotation as a quaternion, and the rotations of :data:`JOINTS`. Quaternions
    are x, y, z, w.

    Args:
        times: When each of the poses occurs, in seconds from 0, ``[T]``, increasing.
        poses: ``[T, 43]``.
        repeats: Whether the end goes over into the beginning. Otherwise the first pose is held
            before the performance, and the last one after it.
    """

    def __init__(self, times: np.ndarray, poses: np.ndarray, repeats: bool) -> None:
        self.times = times
        self.poses = poses.copy()
        self.repeats = repeats
        for part in QUATERNIONS:  # q and -q are the same rotation: interpolate the short way
            turns = (self.poses[1:, part] * self.poses[:-1, part]).sum(axis=1)
            self.poses[1:, part] *= np.cumprod(np.where(turns < 0, -1, 1))[:, None]

    @property
    def duration(self) -> float:
        """The seconds of the performance; of one cycle, if it repeats."""
        return float(self.times[-1])

    def at(self, times: np.ndarray) -> np.ndarray:
        """Return the poses at some times in seconds, ``[N, 43]``; from 0 on if it repeats.

        A cycle begins where the one before ended, in the direction in which that looked. Its last
        :data:`SEAM` turn into the first pose of the next.
        """
        if not self.repeats:
            return self._interpolated(np.clip(times, 0, self.duration))
        if np.min(times) < 0:
            raise ValueError(f'a capture that repeats begins at 0, got {np.min(times)}')
        cycles = np.floor(times / self.duration).astype(int)
        within = times - cycles * self.duration
        first, last = self.poses[0], self.poses[-1]
        turn = Rotation.from_quat(last[ROOT]) * Rotation.from_quat(first[ROOT]).inv()
        yaw = 2 * np.arctan2(turn.as_quat()[1], turn.as_quat()[3])
        step = last[:3] - _turned(first, yaw)[:3]
        step[1] = 0
        following = _turned(first, yaw)
        following[:3] += step
        share = np.clip((within - self.duration + SEAM) / SEAM, 0, 1)
        share = (share**2 * (3 - 2 * share))[:, None]
        poses = _blended(self._interpolated(within), following, share)
        for number, cycle in enumerate(cycles):
            for _ in range(cycle):
                poses[number] = _turned(poses[number], yaw)
                poses[number, :3] += step
        return poses

    def mirrored(self) -> 'Capture':
        """Return the performance with left and right exchanged."""
        names = [name for name, _ in JOINTS]
        parts = dict(zip(names, JOINT_PARTS, strict=True))
        poses = self.poses.copy()
        for name in names:
            side, _, rest = name.partition('_')
            other = {'left': 'right', 'right': 'left'}.get(side)
            poses[:, parts[name]] = self.poses[:, parts[f'{other}_{rest}' if other else name]]
        for part in QUATERNIONS:  # the mirror is the plane of x and y
            poses[:, part] *= [-1, -1, 1, 1]
        poses[:, 2] *= -1
        return Capture(self.times, poses, self.repeats)

    def _interpolated(self, times: np.ndarray) -> np.ndarray:
        poses = np.stack([np.interp(times, self.times, own) for own in self.poses.T], axis=1)
        return _normalised(poses)


def data_folder() -> Path:
    """Return the folder of the files that come with pybullet.

    Raises:
        ImportError: It is not installed.
    """
    optional_module('pybullet', 'motion')
    return Path(optional_module('pybullet_data', 'motion').getDataPath())


@cache
def read_capture(action: str) -> Capture:
    """Return the performance of one of the :data:`ACTIONS`.

    Raises:
        ImportError: pybullet is not installed.
    """
    path = data_folder() / 'data' / 'motions' / f'humanoid3d_{action}.txt'
    content = json.loads(path.read_text(encoding='utf-8'))
    frames = np.array(content['Frames'], np.float64)
    times = np.concatenate([[0.0], np.cumsum(frames[:-1, 0])])
    poses = frames[:, 1:]
    for part in QUATERNIONS:  # the files have w first
        poses[:, part] = np.roll(poses[:, part], -1, axis=1)
    return Capture(times, poses, content['Loop'] == 'wrap')


ROOT = slice(3, 7)
_ENDS = np.cumsum([7, *(size for _, size in JOINTS)])
JOINT_PARTS = [slice(*ends) for ends in pairwise(_ENDS)]
QUATERNIONS = [part for part in [ROOT, *JOINT_PARTS] if part.stop - part.start == 4]


def _turned(pose: np.ndarray, yaw: float) -> np.ndarray:
    """Return a pose turned about the vertical through the origin."""
    turn = Rotation.from_rotvec([0, yaw, 0])
    root = (turn * Rotation.from_quat(pose[ROOT])).as_quat()
    return np.concatenate([turn.apply(pose[:3]), root, pose[7:]])


def _blended(poses: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return poses ``[N, 43]`` between some and another one, for its shares ``[N, 1]``."""
    blended = (1 - share) * poses + share * other
    for part in QUATERNIONS:
        near = np.where((poses[:, part] * other[part]).sum(axis=1, keepdims=True) < 0, -1, 1)
        blended[:, part] = (1 - share) * poses[:, part] + share * near * other[part]
    return _normalised(blended)


def _normalised(poses: np.ndarray) -> np.ndarray:
    for part in QUATERNIONS:
        poses[:, part] /= np.linalg.norm(poses[:, part], axis=1, keepdims=True)
    return poses
