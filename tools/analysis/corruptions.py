"""Draw the corruptions of the protocol `robustness` on a frame of a video.

python tools/analysis/corruptions.py VIDEO -o corruptions.png

A row is a kind, a column a severity, the first of which is the video as it is.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.datasets.corruptions import CORRUPTIONS
from vsslbox.datasets.readers import FallbackReader
from vsslbox.datasets.transforms import CorruptVideo
from vsslbox.errors import InputError

NAME_WIDTH = 130  # pixels
FONT = cv2.FONT_HERSHEY_SIMPLEX, 0.45


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('video', help='a video file')
    parser.add_argument('-o', '--out', type=Path, default=Path('corruptions.png'))
    parser.add_argument('--kinds', nargs='+', default=list(CORRUPTIONS), help='all if not given')
    parser.add_argument('--frame', type=int, help='number of the frame; the middle if not given')
    parser.add_argument('--height', type=int, default=120, help='height of a frame in pixels')
    parser.add_argument('--seed', type=int, default=0, help='seed of the draws')
    return parser.parse_args()


def draw_frame(video: str, corruption: CorruptVideo, number: int | None) -> np.ndarray:
    """Return a frame, read as an evaluation reads it: with those before it."""
    reader = FallbackReader(video, ('pyav', 'decord'))
    number = reader.num_frames // 2 if number is None else number
    if not 0 <= number < reader.num_frames:
        raise InputError(f'--frame {number}: {video} has the frames 0 to {reader.num_frames - 1}')
    corrupted = corruption(dict(reader=reader))['reader']
    frame = corrupted.read(range(max(0, number - 15), number + 1))[-1]
    corrupted.close()
    return frame


def main() -> None:
    """Draw the sheet."""
    args = parse_args()
    if not cv2.haveImageWriter(str(args.out)):
        raise InputError(f'{args.out} must end in .png or .jpg')
    rows = []
    for kind in args.kinds:
        corruptions = [CorruptVideo(kind, severity, args.seed) for severity in range(6)]
        frames = [draw_frame(args.video, own, args.frame) for own in corruptions]
        width = max(1, round(frames[0].shape[1] * args.height / frames[0].shape[0]))
        small = [cv2.resize(f, (width, args.height), interpolation=cv2.INTER_AREA) for f in frames]
        name = np.full((args.height, NAME_WIDTH, 3), 255, np.uint8)
        cv2.putText(name, kind, (4, args.height // 2), *FONT, (0, 0, 0), 1, cv2.LINE_AA)
        rows.append(np.hstack([name, *small]))
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(args.out), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)):
        raise OSError(f'{args.out} cannot be written')
    print(f'{args.out}: {len(rows)} kinds')


if __name__ == '__main__':
    run_command(main)
