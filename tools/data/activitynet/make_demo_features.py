"""Draw synthetic features of videos with planted segments, for BMN.

python tools/data/activitynet/make_demo_features.py FOLDER [--videos 400] [--steps 20] [--seed 0]

FOLDER gets `features/v_NUMBER.npy`; `anet_anno_train.json`, and `anet_anno_val.json` with a fifth
of the videos; and `classification.json`, the activity of each video, of which 10 % are wrong.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.evaluation.features.snippet_files import rescale_features, write_features
from vsslbox.preparation.text_files import write_text

ACTIVITIES = ('baking', 'diving', 'fencing', 'rowing', 'skating')
DIMENSIONS = 24
FPS, STRIDE = 25, 16
NOISE = 1.0


def plant_segments(seconds: float, rng: np.random.Generator) -> list[list[float]]:
    """Draw one to three segments that do not touch each other: start and end in seconds."""
    number = rng.integers(1, 4)
    share = seconds / number
    return [
        [share * (index + low), share * (index + high)]
        for index, (low, high) in enumerate(
            zip(rng.uniform(0.05, 0.35, number), rng.uniform(0.6, 0.95, number))
        )
    ]


def draw_features(
    frames: int, segments: list[list[float]], signal: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw noise, plus an activity's signal ``[D]`` times the share of a snippet that it fills."""
    starts = np.arange(max(frames // STRIDE, 1)) * STRIDE / FPS
    ends = starts + STRIDE / FPS
    filled = sum(
        (np.minimum(ends, end) - np.maximum(starts, start)).clip(min=0) for start, end in segments
    )
    noise = NOISE * rng.standard_normal((len(starts), len(signal)))
    return noise + filled[:, None] * FPS / STRIDE * signal


def make_videos(
    folder: Path, num_videos: int, num_steps: int, rng: np.random.Generator
) -> dict[str, dict]:
    """Write the features of all videos and return their annotations."""
    signals = rng.standard_normal((len(ACTIVITIES), DIMENSIONS))
    (folder / 'features').mkdir(parents=True, exist_ok=True)
    annotations = {}
    for number in range(num_videos):
        activity = int(rng.integers(len(ACTIVITIES)))
        frames = int(rng.integers(1500, 6000))
        segments = plant_segments(frames / FPS, rng)
        features = draw_features(frames, segments, signals[activity], rng)
        video = f'v_{number:05d}'
        write_features(folder / 'features' / f'{video}.npy', rescale_features(features, num_steps))
        annotations[video] = dict(
            duration_second=frames / FPS,
            duration_frame=frames,
            feature_frame=len(features) * STRIDE,
            annotations=[dict(segment=s, label=ACTIVITIES[activity]) for s in segments],
        )
    return annotations


def classify(annotations: dict[str, dict], rng: np.random.Generator) -> dict[str, list[dict]]:
    """Draw a classifier's activity for each video, which is wrong for one in ten."""
    classes = {}
    for video, entry in annotations.items():
        label = entry['annotations'][0]['label']
        if rng.uniform() < 0.1:
            label = str(rng.choice([activity for activity in ACTIVITIES if activity != label]))
        classes[video.removeprefix('v_')] = [dict(label=label, score=rng.uniform(0.5, 1))]
    return classes


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument(
        'folder', type=Path, help='folder for the data, whose files are overwritten'
    )
    parser.add_argument(
        '--videos', type=int, default=400, help='number of videos, a fifth of them for testing'
    )
    parser.add_argument('--steps', type=int, default=20, help='steps of a video')
    parser.add_argument('--seed', type=int, default=0, help='random seed')
    args = parser.parse_args()
    if args.videos < 5 or args.steps < 2:
        parser.error('needs at least 5 videos and 2 steps')
    return args


def main() -> None:
    """Write features, annotations and classes."""
    args = parse_args()
    rng = np.random.default_rng(args.seed)
    annotations = make_videos(args.folder, args.videos, args.steps, rng)
    classes = dict(version='VERSION 1.3', results=classify(annotations, rng), external_data={})
    write_text(args.folder / 'classification.json', [json.dumps(classes)])
    for split, is_in in (('train', lambda n: n % 5), ('val', lambda n: not n % 5)):
        chosen = {video: a for n, (video, a) in enumerate(annotations.items()) if is_in(n)}
        write_text(args.folder / f'anet_anno_{split}.json', [json.dumps(chosen)])
        print(f'{len(chosen)} videos in {args.folder / f"anet_anno_{split}.json"}')


if __name__ == '__main__':
    run_command(main)
