"""Draw a small data set for detection in AVA's format.

    python tools/data/make_demo_detections.py data/demo_detections

writes videos of 4 seconds. Each shows one to three sprites, each in its own quarter of the frame,
with a shape and a motion: two of eight actions each. The key frames are at seconds 1, 2 and 3.

    videos/0000.mp4 ...
    annotations/ava_{train,val}.csv              video,second,left,top,right,bottom,class,sprite
    annotations/ava_action_list.pbtxt            the classes
    annotations/ava_proposals_{train,val}.pkl    boxes with scores: those of the sprites, slightly
                                                 shifted, and a false one in each frame
"""

import argparse
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from make_demo_videos import (
    APPEARANCES,
    FPS,
    MOTIONS,
    draw_backgrounds,
    draw_outline,
    draw_pattern,
    encode_video,
    hsv_to_rgb,
    place_sprite,
    pose_sprite,
)

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.preparation.text_files import write_csv
from vsslbox.utils import track

SECONDS = 4
NUM_SHAPES = 4
CLASSES = [outline for outline, _ in APPEARANCES[:NUM_SHAPES]] + list(MOTIONS)
VAL_SHARE = 0.25


def draw_layers(
    size: int, rng: np.random.Generator
) -> tuple[list[np.ndarray], list[tuple[int, int]]]:
    """Draw the sprites of a video, with a shape and a motion for each.

    Returns:
        Layers ``[T, S, S, 4]`` of colour and mask, and class numbers, counted from 1.
    """
    quarter, layers, labels = size // 2, [], []
    for place in rng.permutation(4)[: rng.integers(1, 4)]:
        shape, motion = rng.integers(NUM_SHAPES), rng.integers(len(MOTIONS))
        outline, pattern = APPEARANCES[shape]
        sprite = np.dstack([draw_outline(outline), draw_pattern(pattern, rng)])
        ink, paper = (hsv_to_rgb(rng.uniform(), *tone) for tone in ((0.7, 0.35), (0.5, 0.95)))
        layer = np.zeros((SECONDS * FPS, size, size, 4), np.float32)
        top, left = quarter * (place // 2), quarter * (place % 2)
        for image, pose in zip(layer, zip(*pose_sprite(MOTIONS[motion], len(layer), rng))):
            placed = place_sprite(sprite, quarter, *pose)
            part = image[top : top + quarter, left : left + quarter]
            part[..., :3] = paper + (ink - paper) * placed[..., 1:]
            part[..., 3] = placed[..., 0]
        layers.append(layer)
        labels.append((shape + 1, NUM_SHAPES + motion + 1))
    return layers, labels


def blend(layers: list[np.ndarray], size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield the frames, uint8 RGB ``[S, S, 3]``."""
    for number, image in enumerate(draw_backgrounds(size, SECONDS * FPS, rng)):
        for layer in layers:
            mask = layer[number, ..., 3:]
            image = image * (1 - mask) + layer[number, ..., :3] * mask
        yield np.clip(255 * image, 0, 255).astype(np.uint8)


def box_of(mask: np.ndarray) -> np.ndarray:
    """Return left, top, right, bottom of a sprite in normalised coordinates."""
    rows, columns = np.nonzero(mask > 0.5)
    corners = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return np.array(corners) / len(mask)


def propose(boxes: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Draw the output of a detector, ``[n + 1, 5]``: boxes and scores."""
    found = np.array(boxes) + rng.uniform(-0.01, 0.01, (len(boxes), 4))
    corner = rng.uniform(0, 0.7, 2)
    found = np.vstack([found, [*corner, *(corner + 0.25)]]).clip(0, 1)
    return np.column_stack([found, [*rng.uniform(0.9, 1, len(boxes)), rng.uniform(0.5, 1)]])


def make_split(split: str, numbers: range, folder: Path, seed: int, size: int) -> None:
    """Write the videos, annotations and proposals of a split."""
    rows, proposals = [], {}

    def make_video(number: int) -> None:
        rng = np.random.default_rng((seed, number))
        name = f'{number:04d}'
        layers, labels = draw_layers(size, rng)
        encode_video(folder / 'videos' / f'{name}.mp4', blend(layers, size, rng), size)
        for second in range(1, SECONDS):
            boxes = [box_of(layer[second * FPS, ..., 3]) for layer in layers]
            proposals[f'{name},{second:04d}'] = propose(boxes, rng)
            for sprite, (box, classes) in enumerate(zip(boxes, labels)):
                corners = [f'{value:.4f}' for value in box]
                rows.extend((name, second, *corners, class_id, sprite) for class_id in classes)

    for number in track(numbers, 'videos', len(numbers)):
        make_video(number)
    write_csv(folder / f'annotations/ava_{split}.csv', rows)
    (folder / f'annotations/ava_proposals_{split}.pkl').write_bytes(pickle.dumps(proposals))


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('folder', type=Path, help='folder of the data set')
    parser.add_argument(
        '--videos', type=int, default=160, help='number of videos, a quarter of them for testing'
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed')
    parser.add_argument('--size', type=int, default=96, help='pixels of a side')
    args = parser.parse_args()
    if args.videos < 2 or args.size < 32 or args.size % 2:
        parser.error('needs at least 2 videos and 32 pixels, and an even number of pixels')
    return args


def main() -> None:
    """Make the data set."""
    args = parse_args()
    (args.folder / 'annotations').mkdir(parents=True)
    items = (f'item {{\n  name: "{name}"\n  id: {i}\n}}\n' for i, name in enumerate(CLASSES, 1))
    label_file = args.folder / 'annotations' / 'ava_action_list.pbtxt'
    label_file.write_text(''.join(items), encoding='utf-8')
    num_train = args.videos - max(1, round(args.videos * VAL_SHARE))
    for split, numbers in (
        ('train', range(num_train)),
        ('val', range(num_train, args.videos)),
    ):
        make_split(split, numbers, args.folder, args.seed, args.size)
    print(f'\n{args.videos} videos in {args.folder}')


if __name__ == '__main__':
    run_command(main)
