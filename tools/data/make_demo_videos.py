"""Draw the demo data set: small videos with known labels.

    python tools/data/make_demo_videos.py data/demo

writes ``data/demo/{train,test}/*.mp4`` and ``data/demo/videos.csv``. In every video one large
sprite moves over a background. It has two independent labels:

* ``appearance``: the outline of the sprite together with the pattern inside it;
* ``motion``: how it moves (sways, circles, spins or pulses).

``joint`` is the pair of both. Everything else is a nuisance that is independent of the labels:
colours, backgrounds, sizes, positions, speeds, brightness and camera shake. A method cannot tell
the videos apart without seeing the sprite, because the rest changes within a video: the background
cross-fades between scenes, and the colours drift. The frames of a video share little but their
sprite, so a method that learns from the videos alone has to find it.

The pixels depend only on the arguments, not on the number of processes; with the same H.264
encoder, so do the bytes of the files. A new data set gets its name only when it is complete.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.preparation.text_files import write_csv
from vsslbox.utils import track, whole_number

FORMAT = 1  # increases whenever the same arguments give other pixels
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
    ('square', 'plusses'),
    ('heart', 'shade'),
)
MOTIONS = ('sway', 'circle', 'spin', 'pulse')

SPRITE_SIZE = 160  # pixels of the sprite's canvas, which spans [-1, 1] in both directions


@dataclass(frozen=True)
class Video:
    """One row of the list: the path and the content of a video."""

    index: int
    split: str
    appearance: int
    motion: int

    @property
    def path(self) -> str:
        """The file, relative to the data set."""
        return f'{self.split}/{self.index:05d}.mp4'

    @property
    def joint(self) -> int:
        """The class number of the pair of labels."""
        return self.appearance * len(MOTIONS) + self.motion


def plan_videos(num_videos: int) -> list[Video]:
    """Assign a split and labels to every video, balanced in both splits.

    The class counts of a split differ by at most one, for both labels; so do those of the pairs, in
    whole cycles.
    """
    num_test = round(num_videos * TEST_SHARE)
    splits = ['train'] * (num_videos - num_test) + ['test'] * num_test
    places = [*range(num_videos - num_test), *range(num_test)]
    videos = []
    for index, (split, place) in enumerate(zip(splits, places, strict=True)):
        # The diagonal visits every pair once if it shifts by one at each full cycle.
        cycle = np.lcm(len(APPEARANCES), len(MOTIONS))
        motion = (place + place // cycle) % len(MOTIONS)
        videos.append(Video(index, split, place % len(APPEARANCES), motion))
    return videos


# --------------------------------------------------------------------------- the sprite


def draw_outline(name: str) -> np.ndarray:
    """Draw the mask of the sprite, float32 ``[S, S]`` in [0, 1]."""
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
    elif name == 'square':
        inside = np.maximum(abs(x), abs(y)) < 0.75
    elif name == 'heart':
        inside = (1.15 * x) ** 2 + (1.15 * y - 0.15 + np.sqrt(abs(x))) ** 2 < 0.95
    return cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 1.2)


def draw_pattern(name: str, rng: np.random.Generator) -> np.ndarray:
    """Draw the pattern inside the sprite, float32 ``[S, S]`` in [0, 1]."""
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
    elif name == 'plusses':
        u, v = ((turns * axis + shift) % 1 - 0.5 for axis, shift in ((x, phase[0]), (y, phase[1])))
        bar = np.minimum(abs(u), abs(v)) < 0.13
        wave = np.where(bar & (np.maximum(abs(u), abs(v)) < 0.36), 0.4, -0.4)
    elif name == 'shade':
        wave = 0.3 * x
    return cv2.GaussianBlur(np.clip(0.5 + 2 * wave, 0, 1).astype(np.float32), (0, 0), 1.2)


def _sprite_grid() -> tuple[np.ndarray, np.ndarray]:
    line = np.linspace(-1, 1, SPRITE_SIZE, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    return x, y


def _polygon_radius(angle: np.ndarray, corners: int) -> np.ndarray:
    """Return the distance from centre to edge of a regular polygon with corners at radius 1."""
    half = np.pi / corners
    return np.cos(half) / np.cos((angle + np.pi / 2) % (2 * half) - half)


def pose_sprite(
    motion: str, frames: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the pose of the sprite in every frame.

    Returns:
        Centres ``[T, 2]`` and radii ``[T]`` relative to the frame's side, angles ``[T]`` in
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
    """Draw a background of multi-scale noise in two colours, float32 ``[2S, 2S, 3]`` in [0, 1]."""
    field = sum(_noise(2 * size, cells, rng) / 1.5**i for i, cells in enumerate((4, 9, 20, 45)))
    field = np.clip(0.5 + 0.35 * field, 0, 1)[..., None]
    first, second = random_colour(rng), random_colour(rng)
    return (first * field + second * (1 - field)).astype(np.float32)


def _noise(side: int, cells: int, rng: np.random.Generator) -> np.ndarray:
    coarse = rng.standard_normal((cells, cells)).astype(np.float32)
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)


def random_colour(rng: np.random.Generator) -> np.ndarray:
    """Draw a colour of any hue that is neither black nor grey."""
    return hsv_to_rgb(rng.uniform(), rng.uniform(0.3, 0.9), rng.uniform(0.25, 0.95))


def hsv_to_rgb(hue: float, saturation: float, value: float) -> np.ndarray:
    """Convert one colour, with values in [0, 1]; hues repeat with period 1."""
    wheel = np.abs((hue + np.array([0, 2 / 3, 1 / 3])) % 1 * 6 - 3) - 1
    return value * (1 - saturation + saturation * np.clip(wheel, 0, 1))


def smooth_walk(frames: int, channels: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a slow random curve in [-1, 1] for each of the channels, ``[T, channels]``."""
    knots = rng.uniform(-1, 1, (max(4, frames // 8), channels)).astype(np.float32)
    return cv2.resize(knots, (channels, frames), interpolation=cv2.INTER_LINEAR)


def draw_backgrounds(size: int, frames: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield scenes that drift, zoom and cross-fade, float32 ``[S, S, 3]`` for each frame."""
    scenes = [draw_scene(size, rng) for _ in range(3)]
    travel = rng.uniform(-0.5, 0.5, (3, 2))
    zoom = rng.uniform(0.6, 1.4, (3, 2))
    for time in np.linspace(0, 1, frames):
        first = min(int(2 * time), 1)
        share = np.clip(1.6 * (2 * time - first) - 0.3, 0, 1)
        looks = [
            look_at(scenes[k], size, travel[k] * (time - 0.5), zoom[k] @ (1 - time, time))
            for k in (first, first + 1)
        ]
        yield (1 - share) * looks[0] + share * looks[1]


def look_at(scene: np.ndarray, size: int, shift: np.ndarray, scale: float) -> np.ndarray:
    """Return the section of a scene that the camera sees."""
    corner = scene.shape[0] / 2 + shift * size - scale * size / 2
    matrix = np.array([[scale, 0, corner[0]], [0, scale, corner[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(scene, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT)


# --------------------------------------------------------------------------- the video


def render(video: Video, seed: int, size: int, frames: int) -> Iterator[np.ndarray]:
    """Draw a video frame by frame, uint8 RGB ``[S, S, 3]``."""
    rng = np.random.default_rng((seed, video.index))
    outline, pattern = APPEARANCES[video.appearance]
    sprite = np.dstack([draw_outline(outline), draw_pattern(pattern, rng)])
    poses = zip(*pose_sprite(MOTIONS[video.motion], frames, rng), strict=True)
    backgrounds = draw_backgrounds(size, frames, rng)
    hues = rng.uniform(0, 1, 2) + np.linspace(0, 1, frames)[:, None] * rng.uniform(-1, 1, 2)
    tones = [(0.7, 0.35), (0.5, 0.95)][:: rng.choice([-1, 1])]  # saturation and value
    shake = 0.02 * smooth_walk(frames, 2, rng)
    gain, offset = rng.uniform(0.75, 1.15), rng.uniform(-0.08, 0.08)
    for image, (centre, radius, angle), hue, jolt in zip(
        backgrounds, poses, hues, shake, strict=True
    ):
        placed = place_sprite(sprite, size, centre + jolt, radius, angle)
        mask, ink = placed[..., :1], placed[..., 1:]
        paper, ink_colour = (hsv_to_rgb(h, *tone) for h, tone in zip(hue, tones, strict=True))
        image = image * (1 - mask) + mask * (ink_colour * ink + paper * (1 - ink))
        yield np.clip(255 * (image * gain + offset), 0, 255).astype(np.uint8)


def place_sprite(
    sprite: np.ndarray, size: int, centre: np.ndarray, radius: float, angle: float
) -> np.ndarray:
    """Return the sprite at its place in the frame, float32 ``[S, S, 2]``: mask and pattern."""
    scale = 2 * radius * size / SPRITE_SIZE
    matrix = cv2.getRotationMatrix2D((SPRITE_SIZE / 2, SPRITE_SIZE / 2), np.degrees(angle), scale)
    matrix[:, 2] += centre * size - SPRITE_SIZE / 2
    return cv2.warpAffine(sprite, matrix, (size, size), flags=cv2.INTER_LINEAR)


def write_video(video: Video, folder: Path, seed: int, size: int, frames: int) -> None:
    """Draw and encode a video."""
    encode_video(folder / video.path, render(video, seed, size, frames), size)


def encode_video(path: Path, images: Iterator[np.ndarray], size: int, rate: int = FPS) -> None:
    """Write a video of square frames, uint8 RGB ``[S, S, 3]``, ``rate`` a second."""
    cv2.setNumThreads(1)
    path.parent.mkdir(parents=True, exist_ok=True)
    # No lookahead: with it the encoder's choices, and so the bytes, vary from run to run.
    options = dict(preset='veryfast', tune='zerolatency', crf='20', threads='1')
    options['g'] = str(GROUP_OF_PICTURES)
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=rate, options=options)
        stream.height = stream.width = size
        stream.pix_fmt = 'yuv420p'
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format='rgb24')))
        container.mux(stream.encode())


# --------------------------------------------------------------------------- the data set


def write_list(videos: list[Video], path: Path) -> None:
    """Write the list of videos with their labels."""
    columns = ('path', 'split', 'appearance', 'motion', 'joint')
    rows = [[getattr(video, column) for column in columns] for video in videos]
    write_csv(path, [columns, *rows])


def make_data_set(folder: Path, manifest: dict, workers: int) -> None:
    """Write the data set beside its folder, and move it there when it is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f'.{folder.name}-') as unfinished:
        made = Path(unfinished) / 'made'
        videos = plan_videos(manifest['videos'])
        write = partial(
            write_video,
            folder=made,
            seed=manifest['seed'],
            size=manifest['size'],
            frames=manifest['frames'],
        )
        with multiprocessing.Pool(workers) as pool:
            for _ in track(pool.imap_unordered(write, videos), 'videos', len(videos)):
                pass
        write_list(videos, made / 'videos.csv')
        (made / MANIFEST).write_text(json.dumps(manifest, indent=2) + '\n', encoding='utf-8')
        made.rename(folder)


def existing_manifest(folder: Path) -> dict | None:
    """Return the settings of an existing data set, or None if the folder does not exist.

    Raises:
        FileExistsError: The folder holds something else.
    """
    if not folder.exists():
        return None
    path = folder / MANIFEST
    if not path.is_file():
        raise FileExistsError(f'{folder} exists and is not a demo data set: choose another folder')
    return json.loads(path.read_text(encoding='utf-8'))


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('folder', type=Path, help='folder of the data set')
    parser.add_argument(
        '--videos', type=int, default=480, help='number of videos, a quarter of them for testing'
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed')
    parser.add_argument('--size', type=int, default=96, help='pixels of a side')
    parser.add_argument('--frames', type=int, default=48, help='frames of a video')
    parser.add_argument(
        '--workers', type=whole_number(1), default=os.cpu_count() or 1, help='number of processes'
    )
    parser.add_argument('--force', action='store_true', help='replace another demo data set')
    args = parser.parse_args()
    if args.videos < 8 or args.frames < 2 or args.size < 32 or args.size % 2:
        parser.error(
            'needs at least 8 videos, 2 frames and 32 pixels, and an even number of pixels'
        )
    return args


def main() -> None:
    """Make the data set, unless it exists."""
    args = parse_args()
    wanted = dict(
        format=FORMAT, videos=args.videos, seed=args.seed, size=args.size, frames=args.frames
    )
    existing = existing_manifest(args.folder)
    if existing == wanted:
        print(f'{args.folder} already has these videos')
        return
    if existing is not None:
        if not args.force:
            raise FileExistsError(
                f'{args.folder} was made with {existing}, not with {wanted}: choose another '
                'folder, or use --force to replace it'
            )
        shutil.rmtree(args.folder)
    make_data_set(args.folder, wanted, args.workers)
    print(f'\n{args.videos} videos in {args.folder}')


if __name__ == '__main__':
    run_command(main)
