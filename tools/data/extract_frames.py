"""Extract the frames of the videos of a folder or list, into a folder or a file for each video.

python tools/data/extract_frames.py SRC DST [--format zip|npz] [--short-side 256] [--fps 5] ...

DST has the same folders as SRC. The frames of a video a/b.mp4 become

* with --format jpg, the folder a/b of JPEG images, for `RawframeDataset` and `OpenFrames`;
  DST/list.txt lists the folders, with the number of frames of each;
* with --format zip, the file a/b.zip of the same images, for `VideoDataset(endings=['.zip'])` and
  `OpenVideo(readers=['zip'])`;
* with --format npz, the file a/b.npz of the decoded frames and their rate, for
  `VideoDataset(endings=['.npz'])` and `OpenVideo(readers=['npz'])`: the fastest to read, and the
  largest.

Without --fps every frame of a video becomes an image; with it, each point in time gets the nearest
frame. Frames are rotated if the container asks for it, and are never enlarged.

A second run extracts what is missing. Failed videos are listed in DST/failed.csv, and the exit
status is then 1.
"""

import argparse
import os
import shutil
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_STORED, ZipFile

import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.datasets.readers.limits import refuse_large
from vsslbox.preparation.video_frames import VideoFrames, fit_size, frames_at_rate, quarter_turns
from vsslbox.preparation.video_jobs import (
    add_job_options,
    check_settings,
    list_videos,
    make_outputs,
    plan_outputs,
    report_failures,
)
from vsslbox.utils import temporary_path

LIST = 'list.txt'
ENDINGS = {'jpg': '', 'npz': '.npz', 'zip': '.zip'}


class Settings(NamedTuple):
    """The settings of the images."""

    format: str
    quality: int
    short_side: int | None
    fps: Fraction | None
    filename_tmpl: str


def make_frames(video: VideoFrames, settings: Settings, colors: str) -> Iterator[np.ndarray]:
    """Yield each frame of a video, ``[H, W, 3]``, with the colours ``bgr24`` or ``rgb24``."""
    reformatter = VideoReformatter()
    for frame in frames_at_rate(video, settings.fps):
        width, height = fit_size(frame.width, frame.height, settings.short_side, step=1)
        # If the sides stay the same, this only changes the resolution of the colours.
        scaled = reformatter.reformat(frame, width, height, colors, interpolation='BICUBIC')
        yield np.ascontiguousarray(np.rot90(scaled.to_ndarray(), quarter_turns(frame)))


def make_images(path: str, settings: Settings) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name and the bytes of each image of a video."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, settings.quality]
    with VideoFrames(path) as video:
        for number, frame in enumerate(make_frames(video, settings, 'bgr24'), start=1):
            _, content = cv2.imencode('.jpg', frame, quality)
            yield settings.filename_tmpl.format(number), content


def extract_folder(path: str, unfinished: Path, settings: Settings) -> int:
    """Write the images of a video into a folder, and return their number."""
    unfinished.mkdir()
    count = 0
    for name, content in make_images(path, settings):
        (unfinished / name).write_bytes(content)
        count += 1
    return count


def extract_zip(path: str, unfinished: Path, settings: Settings) -> int:
    """Write the images of a video into a zip file, and return their number."""
    count = 0
    with ZipFile(unfinished, 'w', ZIP_STORED) as packed:
        for name, content in make_images(path, settings):
            packed.writestr(name, content.tobytes())
            count += 1
    return count


def extract_npz(path: str, unfinished: Path, settings: Settings) -> int:
    """Write the decoded frames of a video into a file of NumPy, and return their number."""
    frames: list[np.ndarray] = []
    with VideoFrames(path) as video:
        for frame in make_frames(video, settings, 'rgb24'):
            frames.append(frame)
            refuse_large(path, *frame.shape[:2], len(frames))  # all are in memory
        fps = settings.fps or video.rate
    with open(unfinished, 'wb') as file:  # numpy would add an ending to a name
        np.savez(file, frames=np.stack(frames), fps=float(fps))
    return len(frames)


EXTRACT = {'jpg': extract_folder, 'npz': extract_npz, 'zip': extract_zip}


def extract_video(job: tuple[str, str], settings: Settings) -> int:
    """Extract the images of a video, move them to their place, and return their number."""
    path, output = job
    if os.path.isdir(output):  # completed just before a process died, and submitted again
        return len(os.listdir(output))
    unfinished = temporary_path(output)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    _remove(unfinished)
    try:
        count = EXTRACT[settings.format](path, unfinished, settings)
        os.rename(unfinished, output)
    finally:
        _remove(unfinished)
    return count


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_list(folder: Path, outputs: list[str]) -> None:
    """Write the list of all complete folders."""
    names = {str(Path(output).relative_to(folder)): output for output in outputs}
    listed = {name: output for name, output in names.items() if len(name.split()) == 1}
    with open(folder / LIST, 'w', encoding='utf-8', errors='surrogateescape') as file:
        for name, output in sorted(listed.items()):
            if os.path.isdir(output):
                file.write(f'{name} {len(os.listdir(output))}\n')
    if len(listed) < len(names):
        print(
            f'{len(names) - len(listed)} folders have spaces in their names, which {LIST} cannot '
            'hold: leave out `ann_file` to use all folders'
        )


# --------------------------------------------------------------------------- the tool


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('source', metavar='SRC', type=Path, help='folder or list of the videos')
    parser.add_argument('folder', metavar='DST', type=Path, help='folder of the images')
    parser.add_argument(
        '--format',
        choices=sorted(ENDINGS),
        default='jpg',
        help='a folder of JPEGs, a zip file of them, or decoded frames',
    )
    parser.add_argument('--quality', type=int, default=90, help='quality of the JPEGs, 1 to 100')
    parser.add_argument('--short-side', type=int, help='maximum pixels of the shorter side')
    parser.add_argument('--fps', type=Fraction, help='frames per second, such as 5 or 30000/1001')
    parser.add_argument(
        '--filename-tmpl',
        default='img_{:05}.jpg',
        help='name of an image, with a placeholder for its number, counted from 1',
    )
    add_job_options(parser)
    args = parser.parse_args()
    name = args.filename_tmpl.format(1)
    if name == args.filename_tmpl.format(2) or '/' in name or not name.endswith(('.jpg', '.jpeg')):
        parser.error("--filename-tmpl must look like 'img_{:05}.jpg'")
    if not 1 <= args.quality <= 100:
        parser.error('--quality must be from 1 to 100')
    if any(value is not None and value <= 0 for value in (args.short_side, args.fps)):
        parser.error('--short-side and --fps must be above 0')
    return args


def main() -> None:
    """Extract the frames and report."""
    args = parse_args()
    settings = Settings(args.format, args.quality, args.short_side, args.fps, args.filename_tmpl)
    videos = list_videos(args.source, args.data_root)
    plan = plan_outputs(videos, args.source, args.folder, ENDINGS[args.format])
    described = dict(settings._asdict(), fps=settings.fps and str(settings.fps))
    check_settings(args.folder, 'extract_frames', described)
    work = partial(extract_video, settings=settings)
    done, failures = make_outputs(work, plan, args.num_workers, 'extracting')
    if done:
        print(f'{sum(done.values())} images')
    if args.format == 'jpg':
        write_list(args.folder, list(plan.values()))
    report_failures(args.folder, failures)


if __name__ == '__main__':
    run_command(main)
