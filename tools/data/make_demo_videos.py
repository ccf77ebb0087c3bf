"""Make the demo data set: small videos with known labels, drawn by a program.

    python tools/data/make_demo_videos.py data/demo

writes ``data/demo/{train,test}/*.mp4`` and ``data/demo/videos.csv``. In every video one large
sprite moves over a background. Two things name it, and they are independent of each other:

* ``appearance``: the outline of the sprite together with the pattern inside it;
* ``motion``: how it moves (sways, circles, spins or pulses).

``joint`` is the pair of both. Everything else is a nuisance, drawn without a look at the labels:
colours, backgrounds, sizes, places, speeds, brightness and the shake of the camera. What a method
could use to tell the videos apart without seeing the sprite changes while a video lasts: its
background cross-fades between scenes and its colours drift. So the frames of a video share little
but their sprite, and a method that learns from the videos alone has to find it.

The pixels depend on the arguments alone, not on the number of processes; so do the bytes of the
files as long as the H.264 encoder is the same. A new data set appears under its name only when it
is complete.
"""

import argparse
import csv
import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
from mmengine.utils import track_parallel_progress

FORMAT = 1  # goes up whenever the same arguments give other pixels
MANIFEST = 'demo_videos.json'
FPS = 24
GROUP_OF_PICTURES = 12
TEST_SHARE = 0.25

APPEARANCES = (
    ('star', 'stripes'),
    ('ring', 'checker'),
    ('triangle', 'dots'),
    ('cross', 'circles'),
    ('disc', 'spokes'),
    ('crescent', 'zigzag'),
)
MOTIONS = ('sway', 'circle', 'spin', 'pulse')

SPRITE_SIZE = 160  # pixels of the sprite's canvas, which spans [-1, 1] in both directions


@dataclass(frozen=True)
class Video:
    """One row of the list: where the video goes and what it shows."""

    index: int
    split: str
    appearance: int
    motion: int

    @property
    def path(self) -> str:
        return f'{self.split}/{self.index:05d}.mp4'

    @property
    def joint(self) -> int:
        return self.appearance * len(MOTIONS) + self.motion


def plan_videos(num_videos: int) -> list[Video]:
    """Give every video its split and its labels, balanced in both splits.

    Counts of the classes of one split differ by one at most, for both labels, and so do those of
    the pairs in a row of whole cycles.
    """
    num_test = round(num_videos * TEST_SHARE)
    splits = ['train'] * (num_videos - num_test) + ['test'] * num_test
    places = [*range(num_videos - num_test), *range(num_test)]
    videos = []
    for index, (split, place) in enumerate(zip(splits, places, strict=True)):
        # Going up the diagonal visits every pair once if it moves one aside at each full cycle.
        cycle = np.lcm(len(APPEARANCES), len(MOTIONS))
        motion = (place + place // cycle) % len(MOTIONS)
        videos.append(Video(index, split, place % len(APPEARANCES), motion))
    return videos


# --------------------------------------------------------------------------- the sprite


def draw_outline(name: str) -> np.ndarray:
    """The sprite's mask, float32 ``[S, S]`` in [0, 1]."""
    x, y = _sprite_grid()
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    if name == 'disc':
        inside = radius < 0.85
    elif name == 'ring':
        inside = (radius < 0.95) & (radius > 0.4)
    elif name == 'crescent':
        inside = (radius < 0.95) & (np.hypot(x - 0.45, y) > 0.55)
    elif name == 'cross':
        inside = (np.minimum(abs(x), abs(y)) < 0.36) & (np.maximum(abs(x), abs(y)) < 0.92)
    elif name == 'triangle':
        inside = _polygon_radius(angle, 3) * 0.98 > radius
    elif name == 'star':
        inside = radius < 0.72 + 0.26 * np.cos(5 * angle)
    return cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.2)


def draw_pattern(name: str, rng: np.random.Generator) -> np.ndarray:
    """The pattern inside the sprite, float32 ``[S, S]`` in [0, 1]."""
    x, y = _sprite_grid()
    phase = rng.uniform(0, 2 * np.pi, 2)
    turns = np.pi * rng.uniform(0.85, 1.15)
    if name == 'stripes':
        wave = np.sin(3.6 * turns * x + phase[0])
    elif name == 'checker':
        wave = np.sin(3 * turns * x + phase[0]) * np.sin(3 * turns * y + phase[1]) * 2
    elif name == 'dots':
        wave = np.cos(4 * turns * x + phase[0]) + np.cos(4 * turns * y + phase[1]) - 0.5
    elif name == 'circles':
        wave = np.sin(4 * turns * np.hypot(x, y) + phase[0])
    elif name == 'spokes':
        wave = np.sin(7 * np.arctan2(y, x) + phase[0])
    elif name == 'zigzag':
        teeth = abs((x * 2.2 + phase[1]) % 1 - 0.5)
        wave = np.sin(3.6 * turns * (y + 0.9 * teeth) + phase[0])
    return cv2.GaussianBlur(np.clip(0.5 + 2 * wave, 0, 1).astype(np.float32), (0, 0), 1.2)


def _sprite_grid() -> tuple[np.ndarray, np.ndarray]:
    line = np.linspace(-1, 1, SPRITE_SIZE, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    return x, y


def _polygon_radius(angle: np.ndarray, corners: int) -> np.ndarray:
    """Distance from the centre to the edge of a regular polygon with corners at radius 1."""
    half = np.pi / corners
    return np.cos(half) / np.cos((angle + np.pi / 2) % (2 * half) - half)


def pose_sprite(
    motion: str, frames: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the sprite is in every frame.

    Returns:
        Centres ``[T, 2]`` and radii ``[T]`` as shares of the frame's side, angles ``[T]`` in
        radians.
    """
    seconds = np.arange(frames) / FPS
    phase, tilt = rng.uniform(0, 2 * np.pi), rng.uniform(-0.35, 0.35)
    turn = 2 * np.pi * rng.uniform(0.8, 1.4) * rng.choice([-1, 1]) * seconds + phase
    centre = np.full((frames, 2), 0.5) + rng.uniform(-0.06, 0.06, 2)
    radius = np.full(frames, rng.uniform(0.29, 0.35))
    angle = np.full(frames, tilt)
    reach = rng.uniform(0.13, 0.18)
    if motion == 'sway':
        centre[:, 0] += reach * np.sin(turn)
    elif motion == 'circle':
        centre += reach * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    elif motion == 'spin':
        angle = turn
    elif motion == 'pulse':
        radius *= 1 + 2 * reach * np.sin(turn)
    return centre, radius, angle


# --------------------------------------------------------------------------- the surroundings


def draw_scene(size: int, rng: np.random.Generator) -> np.ndarray:
    """A background: noise of one scale in colours of its own, float32 ``[2S, 2S, 3]`` in [0, 1]."""
    field = sum(_noise(2 * size, cells, rng) / 1.5**i for i, cells in enumerate((4, 9, 20, 45)))
    field = np.clip(0.5 + 0.35 * field, 0, 1)[..., None]
    first, second = random_colour(rng), random_colour(rng)
    return (first * field + second * (1 - field)).astype(np.float32)


def _noise(side: int, cells: int, rng: np.random.Generator) -> np.ndarray:
    coarse = rng.standard_normal((cells, cells)).astype(np.float32)
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)


def random_colour(rng: np.random.Generator) -> np.ndarray:
    return hsv_to_rgb(rng.uniform(), rng.uniform(0.3, 0.9), rng.uniform(0.25, 0.95))


def hsv_to_rgb(hue: float, saturation: float, value: float) -> np.ndarray:
    """One colour, all in [0, 1]; hues repeat with period 1."""
    wheel = np.abs((hue + np.array([0, 2 / 3, 1 / 3])) % 1 * 6 - 3) - 1
    return value * (1 - saturation + saturation * np.clip(wheel, 0, 1))


def smooth_walk(frames: int, channels: int, rng: np.random.Generator) -> np.ndarray:
    """A slow random curve through [-1, 1] in each of ``channels`` dimensions, ``[T, channels]``."""
    knots = rng.uniform(-1, 1, (max(4, frames // 8), channels)).astype(np.float32)
    return cv2.resize(knots, (channels, frames), interpolation=cv2.INTER_LINEAR)


def render(video: Video, seed: int, size: int, frames: int) -> np.ndarray:
    """Draw a video, uint8 RGB ``[T, size, size, 3]``."""
    rng = np.random.default_rng((seed, video.index))
    outline, pattern = APPEARANCES[video.appearance]
    sprite = np.dstack([draw_outline(outline), draw_pattern(pattern, rng)])
    centre, radius, angle = pose_sprite(MOTIONS[video.motion], frames, rng)
    scenes = [draw_scene(size, rng) for _ in range(3)]
    place = np.linspace(0, len(scenes) - 1, frames)
    travel = rng.uniform(-0.5, 0.5, (len(scenes), 2))
    zoom = rng.uniform(0.6, 1.4, (len(scenes), 2))
    hues = rng.uniform(0, 1, 2) + np.linspace(0, 1, frames)[:, None] * rng.uniform(-1, 1, 2)
    bright_ink = rng.uniform() < 0.5
    shake = 0.02 * smooth_walk(frames, 2, rng)
    gain, offset = rng.uniform(0.75, 1.15), rng.uniform(-0.08, 0.08)

    out = np.empty((frames, size, size, 3), np.uint8)
    for t in range(frames):
        k = min(int(place[t]), len(scenes) - 2)
        w = place[t] - k
        w = np.clip(w * 1.6 - 0.3, 0, 1)
        image = sum(
            share * _look(scenes[j], size, travel[j] * (t / frames - 0.5) + shake[t], zoom[j], t / frames)
            for j, share in ((k, 1 - w), (k + 1, w))
            if share
        )
        cut = _place(sprite, size, centre[t] + shake[t], radius[t], angle[t])
        mask, ink = cut[..., :1], cut[..., 1:]
        dark, light = hsv_to_rgb(hues[t, 0], 0.7, 0.35), hsv_to_rgb(hues[t, 1], 0.5, 0.95)
        if bright_ink:
            dark, light = light, dark
        image = image * (1 - mask) + mask * (light * ink + dark * (1 - ink))
        out[t] = np.clip(255 * (image * gain + offset), 0, 255)
    return out


def _look(scene, size, shift, zoom, t):
    scale = (zoom[0] * (1 - t) + zoom[1] * t) * 1.0
    middle = scene.shape[0] / 2 + shift * size
    matrix = np.array([[scale, 0, middle[0] - scale * size / 2], [0, scale, middle[1] - scale * size / 2]])
    return cv2.warpAffine(scene, matrix, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT)


def _place(sprite, size, centre, radius, angle):
    scale = 2 * radius * size / SPRITE_SIZE
    matrix = cv2.getRotationMatrix2D((SPRITE_SIZE / 2, SPRITE_SIZE / 2), np.degrees(angle), scale)
    matrix[:, 2] += centre * size - SPRITE_SIZE / 2
    return cv2.warpAffine(sprite, matrix, (size, size), flags=cv2.INTER_LINEAR)
