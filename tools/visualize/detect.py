"""Draw the actions that a detector predicts for boxes of people onto a video.

python tools/visualize/detect.py CONFIG CHECKPOINT VIDEO BOXES OUT.mp4 [--every 1] [--min-score 0.5]

BOXES is a CSV file with the header `frame,track,left,top,right,bottom`: frames are numbered from 0,
a track is a person, and the box is in pixels. The actions are predicted at key frames, `--every` so
many seconds; each frame shows those of the nearest key frame.
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from mmaction.evaluation.functional.ava_utils import read_labelmap
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.device import get_device
from mmengine.model import BaseModel

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.datasets.readers import FallbackReader
from vsslbox.datasets.transforms.steps import build_steps, list_steps
from vsslbox.errors import InputError
from vsslbox.evaluation.features import load_trained_model
from vsslbox.visualization import DEFAULT_RATE, enlarged_frames, write_video

READERS = ('pyav', 'decord')
FONT, LINE_HEIGHT = cv2.FONT_HERSHEY_SIMPLEX, 18  # pixels
HEADER = ['frame', 'track', 'left', 'top', 'right', 'bottom']
COLOURS = ((255, 196, 0), (0, 200, 255), (255, 90, 90), (120, 230, 90), (220, 120, 255))
Tracks = dict[str, dict[int, np.ndarray]]
"""Boxes ``[4]`` in pixels by frame, by track."""
Actions = dict[str, dict[int, list[str]]]
"""Lines of text beside a person by frame, by track."""


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('config', help='the config file of a detector')
    parser.add_argument('checkpoint', help='its checkpoint file')
    parser.add_argument('video', help='the video file')
    parser.add_argument('boxes', type=Path, help='the CSV file of boxes')
    parser.add_argument('out', type=Path, help='the video to write (.mp4)')
    parser.add_argument('--labels', type=Path, help="the classes (default: the config's)")
    parser.add_argument('--every', type=float, default=1, help='seconds between predictions')
    parser.add_argument('--min-score', type=float, default=0.5, help='least score to show')
    args = parser.parse_args()
    if args.every <= 0:
        parser.error('--every must be positive')
    return args


def read_boxes(path: Path) -> Tracks:
    """Read the file of boxes."""
    tracks: Tracks = defaultdict(dict)
    with open(path, newline='', encoding='utf-8-sig') as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != HEADER:
            raise InputError(f'{path} must begin with {",".join(HEADER)}, got {reader.fieldnames}')
        for row in reader:
            try:
                box = np.array([float(row[side]) for side in HEADER[2:]])
                tracks[row['track']][int(row['frame'])] = box
            except (TypeError, ValueError):
                raise InputError(f'{path}:{reader.line_num}: not a row of numbers') from None
    if not tracks:
        raise InputError(f'{path} has no boxes')
    return tracks


def check_boxes(tracks: Tracks, height: int, width: int) -> None:
    """Refuse boxes that lie outside the frames."""
    for track, boxes in tracks.items():
        for frame, box in boxes.items():
            left, top, right, bottom = box.clip(0, [width, height, width, height])
            if left >= right or top >= bottom:
                raise InputError(
                    f'the box of track {track} at frame {frame}, {box.tolist()}, lies outside the '
                    f'{width}x{height} frames: sides are left, top, right, bottom in pixels'
                )


def read_classes(config: Config, path: Path | None) -> dict[int, str]:
    """Read the names of the classes by their numbers."""
    if path is None:
        evaluator = config.test_evaluator
        path = Path(evaluator.get('data_root', ''), evaluator.label_file)
    with open(path, encoding='utf-8') as file:
        return {item['id']: item['name'] for item in read_labelmap(file)[0]}


def test_pipeline(config: Config) -> Compose:
    """Build the config's test pipeline for a video file."""
    _, *steps = list_steps(config.test_dataloader.dataset.pipeline)
    return Compose(build_steps([dict(type='OpenVideo', readers=READERS), *steps]))


@torch.no_grad()
def predict(
    model: BaseModel, pipeline: Compose, video: str, second: float, boxes: np.ndarray
) -> np.ndarray:
    """Compute class scores ``[n, K]`` of boxes ``[n, 4]`` in normalised coordinates."""
    sample = pipeline(
        dict(
            filename=video,
            video_id=video,
            timestamp=second,
            timestamp_start=0,
            frame_rate=DEFAULT_RATE,
            proposals=boxes,
            index=0,
            attributes={},
            rng=np.random.default_rng(0),
        )
    )
    batch = dict(inputs=[sample['inputs']], data_samples=[sample['data_samples']])
    return model.test_step(batch)[0].pred_instances.scores.cpu().numpy()


def describe(scores: np.ndarray, classes: dict[int, str], min_score: float) -> list[str]:
    """Format the classes with at least the least score, the most likely first."""
    likely = [i for i in np.argsort(-scores) if i in classes and scores[i] >= min_score]
    return [f'{classes[i]} {scores[i]:.2f}' for i in likely]


def draw(image: np.ndarray, box: np.ndarray, lines: list[str], colour: tuple) -> None:
    """Draw a box into an RGB image, and the lines on the side with more room."""
    left, top, right, bottom = (round(side) for side in box.tolist())
    cv2.rectangle(image, (left, top), (right, bottom), colour, 2)
    sizes = [cv2.getTextSize(line, FONT, 0.5, 1)[0][0] + 4 for line in lines]
    on_right = left < image.shape[1] - right
    for number, (line, width) in enumerate(zip(lines, sizes)):
        x, y = right if on_right else left - width, max(top, 0) + LINE_HEIGHT * number
        cv2.rectangle(image, (x, y), (x + width, y + LINE_HEIGHT), colour, cv2.FILLED)
        cv2.putText(image, line, (x + 2, y + 13), FONT, 0.5, (0, 0, 0), 1, cv2.LINE_AA)


def nearest(frames: dict[int, object], frame: int) -> int:
    """Return the nearest listed frame."""
    return min(frames, key=lambda other: abs(other - frame))


def drawn_frames(
    reader: FallbackReader, tracks: Tracks, shown: Actions, step: int
) -> Iterator[np.ndarray]:
    """Yield the frames of the video with boxes and actions."""
    for frame, (image, zoom) in enumerate(enlarged_frames(reader)):
        for number, (track, boxes) in enumerate(tracks.items()):
            listed = nearest(boxes, frame)
            if abs(listed - frame) <= step // 2:
                lines = shown[track][nearest(shown[track], frame)]
                draw(image, zoom * boxes[listed], lines, COLOURS[number % len(COLOURS)])
        yield image


def predict_tracks(
    args: argparse.Namespace, config: Config, reader: FallbackReader, tracks: Tracks, step: int
) -> Actions:
    """Predict each person's actions at the key frames near its listed boxes."""
    model = load_trained_model(config, args.checkpoint, get_device())
    classes, pipeline = read_classes(config, args.labels), test_pipeline(config)
    height, width = reader.read([0])[0].shape[:2]
    check_boxes(tracks, height, width)
    fps = reader.fps or DEFAULT_RATE
    shown: Actions = defaultdict(dict)
    for key_frame in range(step // 2, reader.num_frames + step // 2, step):
        present = {
            track: boxes[listed]
            for track, boxes in tracks.items()
            if abs((listed := nearest(boxes, key_frame)) - key_frame) <= step
        }
        if present:
            shares = np.stack(list(present.values())) / [width, height, width, height]
            scores = predict(model, pipeline, args.video, key_frame / fps, shares)
            for track, own in zip(present, scores, strict=True):
                shown[track][key_frame] = describe(own, classes, args.min_score)
    return shown


def main() -> None:
    """Predict the actions and draw them."""
    args = parse_args()
    if not Path(args.config).is_file():
        raise FileNotFoundError(f'no config file at {args.config}')
    config, tracks = Config.fromfile(args.config), read_boxes(args.boxes)
    reader = FallbackReader(args.video, READERS)
    rate = reader.fps or DEFAULT_RATE
    step = max(1, round(rate * args.every))
    shown = predict_tracks(args, config, reader, tracks, step)
    write_video(args.out, drawn_frames(reader, tracks, shown, step), rate)
    reader.close()
    print(f'{reader.num_frames} frames in {args.out}')


if __name__ == '__main__':
    run_command(main)
