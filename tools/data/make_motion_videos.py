"""Render the motion benchmark: videos of captured human motion with known nuisances.

    pip install 'vsslbox[motion]'
    python tools/data/make_motion_videos.py data/motion --videos 1200

writes ``data/motion/videos/*.mp4`` and lists of them. Each video shows one of 15 actions, performed
by a body of its own in surroundings of their own: the camera, the light, the colours, the textures,
the proportions, the speed, the moment and what else moves are drawn independently of the action and
stand in columns of their own (docs/motion.md).

* ``videos.csv`` has an ordinary split;
* ``splits/unseen_cameras.csv``, ``splits/unseen_speeds.csv`` and ``splits/unseen_textures.csv``
  have the same rows, but what tests has values of that nuisance that none of the others has.

With the same versions of pybullet, PyAV, NumPy and OpenCV the bytes depend only on the arguments,
not on the number of processes. A command that was stopped goes on where it ended; the lists are
written last.
"""

import argparse
import os
from functools import partial
from pathlib import Path

from make_demo_videos import encode_video

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.errors import InputError
from vsslbox.preparation.motion import (
    ACTIONS,
    RATE,
    SPLITS,
    MotionVideo,
    plan_videos,
    render_video,
    split_rows,
)
from vsslbox.preparation.text_files import write_csv
from vsslbox.preparation.video_jobs import Failure, check_settings, report_failures, run_jobs
from vsslbox.utils import temporary_path

FORMAT = 1  # increases whenever the same arguments give other pixels


def write_video(video: MotionVideo, folder: Path, seed: int, size: int, num_frames: int) -> None:
    """Render and encode a video, which gets its name when it is complete."""
    path = folder / video.path
    unfinished = temporary_path(str(path))
    encode_video(unfinished, render_video(video, seed, size, num_frames), size, RATE)
    os.replace(unfinished, path)


def list_paths(folder: Path) -> dict[str, Path]:
    """Return the path of each list by the name of its split."""
    first, *others = SPLITS
    return {first: folder / 'videos.csv'} | {
        name: folder / 'splits' / f'{name}.csv' for name in others
    }


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('folder', type=Path, help='folder of the data set')
    parser.add_argument('--videos', type=int, default=1200, help='number of videos')
    parser.add_argument('--seed', type=int, default=0, help='random seed')
    parser.add_argument('--size', type=int, default=128, help='pixels of a side')
    parser.add_argument(
        '--frames', type=int, default=64, help=f'frames of a video, {RATE} a second'
    )
    parser.add_argument(
        '--workers', type=int, default=len(os.sched_getaffinity(0)), help='number of processes'
    )
    args = parser.parse_args()
    if args.videos < len(ACTIONS) or args.frames < 2 or args.size < 32 or args.size % 2:
        parser.error(
            f'needs at least {len(ACTIONS)} videos, 2 frames and 32 pixels, and an even number of '
            'pixels'
        )
    if args.seed < 0 or args.workers < 1:
        parser.error('--seed must not be negative, and --workers must be positive')
    return args


def main() -> None:
    """Make what is missing of the data set."""
    args = parse_args()
    videos = plan_videos(args.videos, args.seed, args.frames)
    is_other = args.folder.exists() and not (args.folder / 'make_motion_videos.json').is_file()
    if is_other and any(args.folder.iterdir()):
        raise InputError(f'{args.folder} exists and is not a motion benchmark: choose another')
    settings = dict(
        format=FORMAT, videos=args.videos, seed=args.seed, size=args.size, frames=args.frames
    )
    check_settings(args.folder, 'make_motion_videos', settings)
    (args.folder / 'videos').mkdir(exist_ok=True)
    write = partial(
        write_video, folder=args.folder, seed=args.seed, size=args.size, num_frames=args.frames
    )
    missing = [video for video in videos if not (args.folder / video.path).is_file()]
    results = run_jobs(write, missing, args.workers, 'videos')
    report_failures(
        args.folder,
        {video.path: found.reason for video, found in results if isinstance(found, Failure)},
    )
    for split, path in list_paths(args.folder).items():
        write_csv(path, split_rows(videos, split))
    print(f'\n{len(videos)} videos in {args.folder}')


if __name__ == '__main__':
    run_command(main)
