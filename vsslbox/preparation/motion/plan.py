"""Which action each video of the motion benchmark shows, and every nuisance."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from vsslbox.preparation.motion.capture import ACTIONS, read_capture
from vsslbox.preparation.motion.textures import TEXTURES

__all__ = ['HUES', 'LIGHTS', 'RATE', 'SPLITS', 'MotionVideo', 'plan_videos', 'split_rows']

RATE = 30  # frames a second, as the captures
SHARE = 0.25  # of the videos that each split tests
HUES = ('red', 'amber', 'lime', 'green', 'cyan', 'blue', 'violet', 'pink')  # 45 degrees apart
LIGHTS = dict(warm=(1.0, 0.9, 0.75), neutral=(1.0, 1.0, 1.0), cool=(0.8, 0.9, 1.0))  # RGB

SPEEDS = (0.7, 1.4)
FAST = SPEEDS[1] - SHARE * (SPEEDS[1] - SPEEDS[0])
FRONT = 180 * SHARE  # degrees to both sides
UNSEEN_TEXTURES = ('bricks', 'dots')
SPLITS = ('split', 'unseen_cameras', 'unseen_speeds', 'unseen_textures')


@dataclass(frozen=True)
class MotionVideo:
    """A row of the list: what a video shows.

    Attributes:
        index: The number of the video.
        split: ``train`` or ``test``, by chance.
        action: One of the :data:`ACTIONS`.
        camera_azimuth: Where the camera stands at the beginning, in degrees in [-180, 180) from
            the direction in which the performance begins: at 0 it sees the front of the body.
        camera_height: Metres above the ground.
        camera_distance: Metres from the body, along the ground.
        camera_fov: The angle of view in degrees.
        camera_pan: Degrees a second by which the camera circles.
        speed: The speed relative to that of the capture.
        start: The time in the capture at the first frame, in seconds; negative, the first pose
            is held until it begins.
        mirror: ``yes`` if left and right are exchanged.
        legs: The length of the legs relative to the model's.
        arms: The length of the arms.
        girth: The thickness of the body.
        shirt: One of the :data:`HUES`.
        trousers: Another one or the same.
        floor: One of the :data:`TEXTURES`.
        background: Another one or the same.
        light_azimuth: Where the light comes from, as ``camera_azimuth``.
        light_elevation: Degrees above the ground.
        light: The colour of the light.
        shadow: ``yes`` if shadows are cast.
        distractors: The number of other things that move.
    """

    index: int
    split: str
    action: str
    camera_azimuth: float
    camera_height: float
    camera_distance: float
    camera_fov: float
    camera_pan: float
    speed: float
    start: float
    mirror: str
    legs: float
    arms: float
    girth: float
    shirt: str
    trousers: str
    floor: str
    background: str
    light_azimuth: float
    light_elevation: float
    light: str
    shadow: str
    distractors: int

    @property
    def path(self) -> str:
        """The file, relative to the data set."""
        return f'videos/{self.index:05d}.mp4'

    def is_test(self, split: str) -> bool:
        """Return whether the video tests in one of the :data:`SPLITS`."""
        return {
            'split': self.split == 'test',
            'unseen_cameras': abs(self.camera_azimuth) <= FRONT,
            'unseen_speeds': self.speed >= FAST,
            'unseen_textures': self.floor in UNSEEN_TEXTURES,
        }[split]


def plan_videos(num_videos: int, seed: int, num_frames: int) -> list[MotionVideo]:
    """Draw what each video shows.

    The actions take turns, so that their numbers differ by at most one. In each of the
    :data:`SPLITS` a quarter of the videos of every action tests. Otherwise no draw depends on the
    action or on another draw, but for the bounds of ``start`` by the length of the capture, and the
    distance of the camera, which makes the body about as large for every angle of view.

    Args:
        num_videos: The number of videos.
        seed: The seed of all draws.
        num_frames: The frames of a video.

    Raises:
        ImportError: pybullet is not installed.
    """
    rng = np.random.default_rng((seed, 0))
    tests = {split: _draw_tests(num_videos, rng) for split in SPLITS}
    return [
        _draw_video(
            index,
            {split: bool(chosen[index]) for split, chosen in tests.items()},
            num_frames,
            np.random.default_rng((seed, 1, index)),
        )
        for index in range(num_videos)
    ]


def split_rows(videos: Sequence[MotionVideo], split: str) -> list[tuple]:
    """Return the rows of the list whose column ``split`` is one of the :data:`SPLITS`."""
    columns = [field.name for field in fields(MotionVideo)][2:]
    rows = [('path', 'split', *columns)]
    for video in videos:
        part = 'test' if video.is_test(split) else 'train'
        rows.append((video.path, part, *(getattr(video, column) for column in columns)))
    return rows


def _draw_tests(num_videos: int, rng: np.random.Generator) -> np.ndarray:
    """Draw which videos test: a quarter of every action, as near as whole numbers get."""
    chosen = np.zeros(num_videos, bool)
    for action in range(len(ACTIONS)):
        own = np.arange(action, num_videos, len(ACTIONS))
        chosen[rng.permutation(own)[: round(SHARE * len(own))]] = True
    return chosen


def _draw_video(
    index: int, tests: dict[str, bool], num_frames: int, rng: np.random.Generator
) -> MotionVideo:
    action = ACTIONS[index % len(ACTIONS)]
    azimuths = (-FRONT, FRONT) if tests['unseen_cameras'] else (FRONT, 360 - FRONT)
    azimuth = rng.uniform(*azimuths)
    speed = rng.uniform(*((FAST, SPEEDS[1]) if tests['unseen_speeds'] else (SPEEDS[0], FAST)))
    fov = rng.uniform(30, 60)
    # Half of what the camera sees of the place of the body, in metres: people are up to 1.9 tall.
    extent = rng.uniform(1.15, 1.4)
    unseen = tests['unseen_textures']
    textures = [kind for kind in TEXTURES if (kind in UNSEEN_TEXTURES) == unseen]
    return MotionVideo(
        index=index,
        split='test' if tests['split'] else 'train',
        action=action,
        camera_azimuth=round((azimuth + 180) % 360 - 180, 2),
        camera_height=round(rng.uniform(0.3, 2.5), 3),
        camera_distance=round(float(extent / np.tan(np.radians(fov / 2))), 3),
        camera_fov=round(fov, 2),
        camera_pan=round(rng.uniform(-15, 15), 2),
        speed=round(speed, 4),
        start=round(_draw_start(action, speed * (num_frames - 1) / RATE, rng), 4),
        mirror=_yes_or_no(rng),
        legs=round(rng.uniform(0.9, 1.1), 3),
        arms=round(rng.uniform(0.9, 1.1), 3),
        girth=round(rng.uniform(0.85, 1.2), 3),
        shirt=str(rng.choice(HUES)),
        trousers=str(rng.choice(HUES)),
        floor=str(rng.choice(textures)),
        background=str(rng.choice(textures)),
        light_azimuth=round(rng.uniform(-180, 180), 2),
        light_elevation=round(rng.uniform(30, 75), 2),
        light=str(rng.choice(list(LIGHTS))),
        shadow=_yes_or_no(rng),
        distractors=int(rng.integers(4)),
    )


def _draw_start(action: str, seconds: float, rng: np.random.Generator) -> float:
    """Draw when a video of some seconds of an action begins.

    A repeating action begins anywhere. Of others the video shows the whole, or as much as it can.
    """
    capture = read_capture(action)
    if capture.repeats:
        return rng.uniform(0, capture.duration)
    rest = capture.duration - seconds
    return rng.uniform(min(rest, 0), max(rest, 0))


def _yes_or_no(rng: np.random.Generator) -> str:
    return 'yes' if rng.random() < 0.5 else 'no'
