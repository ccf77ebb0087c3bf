"""The frames of a video of the motion benchmark."""

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from vsslbox.preparation.motion.camera import Camera
from vsslbox.preparation.motion.capture import read_capture
from vsslbox.preparation.motion.distractor import Distractor
from vsslbox.preparation.motion.humanoid import Humanoid
from vsslbox.preparation.motion.plan import HUES, LIGHTS, RATE, MotionVideo
from vsslbox.preparation.motion.simulation import simulation
from vsslbox.preparation.motion.surroundings import Surroundings
from vsslbox.preparation.motion.textures import draw_texture, hue_colour

__all__ = ['render_video']

ZOOM = 1.5  # bodies are rendered in pictures of so many times the side, against jagged edges
SHADOW_SIZE = 96  # pixels of a side of the picture that the light sees
FOLLOW = 0.3  # seconds over which the camera smooths the way of the body


def render_video(video: MotionVideo, seed: int, size: int, num_frames: int) -> Iterator[np.ndarray]:
    """Yield the frames of a video, uint8 RGB ``[S, S, 3]``.

    Args:
        video: What it shows.
        seed: The seed of what the list does not say: shades, the place of textures, the ways of
            distractors.
        size: The pixels of a side.
        num_frames: The number of frames.

    Raises:
        ImportError: pybullet is not installed.
    """
    rng = np.random.default_rng((seed, 2, video.index))
    with simulation() as bullet:
        yield from _render(bullet, video, rng, size, num_frames)


def _render(
    bullet: Any, video: MotionVideo, rng: np.random.Generator, size: int, num_frames: int
) -> Iterator[np.ndarray]:
    capture = read_capture(video.action)
    if video.mirror == 'yes':
        capture = capture.mirrored()
    poses = capture.at(video.start + video.speed * np.arange(num_frames) / RATE)
    clearances = _clearances(bullet, poses)
    humanoid = Humanoid(bullet, video.legs, video.arms, video.girth)
    humanoid.dress(_colours(video, rng))
    places = _places(humanoid, poses)
    ambient = rng.uniform(0.45, 0.65)
    to_light = _direction(video.light_azimuth, video.light_elevation)
    surroundings = Surroundings(
        floor=draw_texture(video.floor, rng),
        background=draw_texture(video.background, rng),
        turns=tuple(rng.uniform(0, 2 * np.pi, 2).tolist()),
        tint=np.array(LIGHTS[video.light], np.float32),
        ambient=ambient,
        direct=1 - ambient,
    )
    light = dict(
        lightDirection=to_light.tolist(),
        lightColor=LIGHTS[video.light],
        lightAmbientCoeff=ambient,
        lightDiffuseCoeff=1 - ambient,
        lightSpecularCoeff=0.0,
    )
    distractors = [Distractor(bullet, rng) for _ in range(video.distractors)]
    aim = rng.uniform(-0.08, 0.08, 2)  # so that the body is not always in the middle
    for number, (pose, clearance, place) in enumerate(zip(poses, clearances, places, strict=True)):
        seconds = number / RATE
        humanoid.pose(pose, clearance * video.legs)
        for distractor in distractors:
            distractor.move(place, seconds)
        camera = _camera(video, place, aim, seconds)
        lamp = _lamp(place, to_light)
        shadow = _shadow(bullet, lamp) if video.shadow == 'yes' else None
        scene = surroundings.seen_by(camera, size, lamp, shadow)
        bodies = camera.shoot(bullet, round(size * ZOOM), **light)
        bodies = cv2.resize(bodies, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32)
        image = bodies[..., :3] + (255 - bodies[..., 3:]) * scene
        yield np.clip(image + 0.5, 0, 255).astype(np.uint8)


def _clearances(bullet: Any, poses: np.ndarray) -> list[float]:
    """Return how far the captured body is above the ground in each pose, in metres."""
    original = Humanoid(bullet)
    clearances = [max(original.pose(pose), 0.0) for pose in poses]
    bullet.removeBody(original.body)
    return clearances


def _places(humanoid: Humanoid, poses: np.ndarray) -> np.ndarray:
    """Return the places on the ground that the camera follows, a smooth way, ``[T, 2]``."""
    places = []
    for pose in poses:
        humanoid.pose(pose)
        places.append(humanoid.root()[:2])
    return gaussian_filter1d(np.array(places), FOLLOW * RATE, axis=0, mode='nearest')


def _colours(video: MotionVideo, rng: np.random.Generator) -> dict[str, tuple]:
    """Draw the colours of the body; hues are those of the list."""
    hues = [HUES.index(name) + rng.uniform(-0.3, 0.3) for name in (video.shirt, video.trousers)]
    return dict(
        shirt=tuple(hue_colour(hues[0] / len(HUES), rng)),
        trousers=tuple(hue_colour(hues[1] / len(HUES), rng)),
        skin=tuple(rng.uniform(0.4, 1.0) * np.array([1.0, 0.8, 0.65])),
        shoes=(rng.uniform(0.1, 0.9),) * 3,
    )


def _direction(azimuth: float, elevation: float) -> np.ndarray:
    """Return the unit vector of angles in degrees, ``[3]``."""
    azimuth, elevation = np.radians([azimuth, elevation])
    across = np.cos(elevation)
    return np.array([across * np.cos(azimuth), across * np.sin(azimuth), np.sin(elevation)])


def _camera(video: MotionVideo, place: np.ndarray, aim: np.ndarray, seconds: float) -> Camera:
    """Return the camera at a time, when the body is at a place on the ground."""
    towards = _direction(video.camera_azimuth + video.camera_pan * seconds, 0)[:2]
    eye = [*(place + video.camera_distance * towards), video.camera_height]
    target = [*(place + aim[0] * np.array([-towards[1], towards[0]])), 0.9 + aim[1]]
    return Camera(np.array(eye), np.array(target), video.camera_fov)


def _lamp(place: np.ndarray, to_light: np.ndarray) -> Camera:
    """Return what looks from the light at a place on the ground; it sees 3 metres around it."""
    target = np.array([*place, 0.6])
    return Camera(target + 15 * to_light, target, 2 * np.degrees(np.arctan(1.5 / 15)))


def _shadow(bullet: Any, lamp: Camera) -> np.ndarray:
    """Return how much of the light bodies take away, with soft edges, ``[S, S]``."""
    opacity = lamp.shoot(bullet, SHADOW_SIZE)[..., 3].astype(np.float32) / 255
    return cv2.GaussianBlur(opacity, (0, 0), 0.8)
