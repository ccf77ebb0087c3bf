"""Draw the annotated and the proposed segments of videos over time, a PNG file a video.

python tools/visualize/localization.py ANNOTATIONS PROPOSALS --out FOLDER [--videos FOLDER] ...

ANNOTATIONS is an `anet_anno_val.json`; PROPOSALS is the file that `LocalizationMetric(out=...)`
writes. With `--videos`, pictures of the videos are drawn above the segments.
"""

import argparse
from pathlib import Path, PurePath

import cv2
import numpy as np

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.datasets.readers import FallbackReader
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import read_json
from vsslbox.preparation.video_jobs import list_videos
from vsslbox.visualization import TimeSegment, draw_localization

THUMBNAILS = 8


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('annotations', type=Path, help='annotations of the videos')
    parser.add_argument('proposals', type=Path, help='proposals for them')
    parser.add_argument('--out', type=Path, required=True, help='folder for the pictures')
    parser.add_argument('--videos', type=Path, help='folder of the videos')
    parser.add_argument('--number', type=int, default=10, help='the number of videos')
    parser.add_argument('--top', type=int, default=5, help='the number of proposals of each')
    return parser.parse_args()


def thumbnails_of(path: str) -> list[np.ndarray]:
    """Read the middle frames of equal parts of a video."""
    reader = FallbackReader(path, ['pyav', 'decord'])
    try:
        middles = (np.arange(THUMBNAILS) + 0.5) * reader.num_frames / THUMBNAILS
        needed, position = np.unique(middles.astype(int), return_inverse=True)
        frames = reader.read(needed.tolist())
        return [frames[index] for index in position]
    finally:
        reader.close()


def main() -> None:
    """Draw the first videos of the list."""
    args = parse_args()
    annotations = read_json(args.annotations)
    results = read_json(args.proposals).get('results', {})
    paths = {}
    if args.videos is not None:
        paths = {PurePath(p).stem: p for p in list_videos(args.videos, None).values()}
    chosen = [v for v in annotations if v.removeprefix('v_') in results][: args.number]
    if not chosen:
        raise InputError(f'{args.proposals} has no proposals for a video of {args.annotations}')
    args.out.mkdir(parents=True, exist_ok=True)
    for video in chosen:
        entry = annotations[video]
        image = draw_localization(
            video,
            entry['duration_second'],
            [TimeSegment(*a['segment'], a['label']) for a in entry['annotations']],
            [
                TimeSegment(*proposal['segment'], f'{proposal["score"]:.3f}')
                for proposal in results[video.removeprefix('v_')][: args.top]
            ],
            thumbnails_of(paths[video]) if video in paths else (),
        )
        path = args.out / f'{video}.png'
        cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    print(f'{len(chosen)} pictures in {args.out}')


if __name__ == '__main__':
    run_command(main)
