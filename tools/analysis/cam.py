"""Draw where in a video a model finds a class, or the likeness of a video.

python tools/analysis/cam.py CHECKPOINT VIDEO [--class NAME] -o cam.mp4
python tools/analysis/cam.py CHECKPOINT VIDEO [--other VIDEO] -o cam.png

For a fine-tuned model the heat (Grad-CAM) is that of a class, the predicted one if none is named.
For a pretrained backbone it is that of the likeness to the other video, or to the video itself. The
frames are those that the model sees; a picture shows some of each clip, a video all of them.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from vsslbox.apis import VideoClassifier, VideoEmbedder
from vsslbox.apis.checkpoint_config import trained_config
from vsslbox.apis.clip_heat import ClipHeat, class_heat, similarity_heat
from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.errors import InputError
from vsslbox.utils import escaped
from vsslbox.visualization import (
    SheetView,
    draw_caption,
    draw_view_sheet,
    heat_overlay,
    write_video,
)

HEIGHT = 224  # pixels of a frame
RATE = 4.0  # frames a second of the video


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('checkpoint', help='a fine-tuning or a pretraining: a file, or zoo://NAME')
    parser.add_argument('video', help='a video file')
    parser.add_argument('--class', dest='class_name', help='a class of a fine-tuned model')
    parser.add_argument('--other', help='a video whose likeness a pretrained backbone finds')
    parser.add_argument('-o', '--out', type=Path, default=Path('cam.png'), help='.png or .mp4')
    parser.add_argument('--frames', type=int, default=4, help='most frames of a clip in a picture')
    return parser.parse_args()


def heat_of(args: argparse.Namespace) -> tuple[list[ClipHeat], str]:
    """Return the heat of the clips, and what it is the heat of.

    Raises:
        InputError: An option is for another kind of model.
    """
    if 'cls_head' not in trained_config(args.checkpoint).model:
        if args.class_name is not None:
            raise InputError(f'{args.checkpoint} is no classifier, it has no classes: fine-tune it')
        embedder = VideoEmbedder(args.checkpoint, device='cpu')
        what = 'itself' if args.other is None else escaped(Path(args.other).name)
        return similarity_heat(embedder, args.video, args.other), f'likeness to {what}'
    if args.other is not None:
        raise InputError('--other is for pretrained backbones: name a --class')
    classifier = VideoClassifier(args.checkpoint, device='cpu')
    (prediction,) = classifier(args.video)['predictions']
    name = args.class_name or prediction['class']
    clips = class_heat(classifier, args.video, name)
    return clips, f'class {name}, score {prediction["scores"][name]:.3f}'


def pairs(clips: list[ClipHeat], caption: str) -> Iterator[np.ndarray]:
    """Yield the frames of a video: what the model sees, and the heat beside it."""
    for clip in clips:
        for frame, drawn in zip(clip.frames, heat_overlay(clip.frames, clip.heat)):
            zoom = max(1, round(2 * HEIGHT / frame.shape[0]))
            pair = cv2.resize(np.hstack([frame, drawn]), None, fx=zoom, fy=zoom)
            yield draw_caption(pair, [caption])


def main() -> None:
    """Draw the heat."""
    args = parse_args()
    if args.out.suffix not in ('.png', '.mp4'):
        raise InputError(f'{args.out} must end in .png or .mp4')
    clips, caption = heat_of(args)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if args.out.suffix == '.mp4':
        write_video(args.out, pairs(clips, caption), RATE)
    else:
        views = [
            SheetView(caption, heat_overlay(clip.frames, clip.heat), clip.frames, boxes=None)
            for clip in clips
        ]
        sheet = draw_view_sheet([views], args.frames, HEIGHT)
        if not cv2.imwrite(str(args.out), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)):
            raise OSError(f'{args.out} cannot be written')
    print(f'{args.out}: {escaped(args.video)}, {caption}')
    if not any(clip.heat.any() for clip in clips):
        print('there is no heat: nothing in the clips speaks for it')


if __name__ == '__main__':
    run_command(main)
