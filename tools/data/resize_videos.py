"""Resize the videos of a folder or list, or re-encode them so that they decode faster.

python tools/data/resize_videos.py SRC DST --preset train [--short-side 128] [--fps 15] ...

DST has the same folders as SRC, with an MP4 file for each video. Without --fps the frames are kept
one to one, at the average rate of the video; with it, each point in time gets the nearest frame.
Frames are rotated if the container asks for it, and the new file needs no rotation. Videos are
never enlarged; both sides are even; there is no sound.

--preset train is meant for training: a key frame at least every 32 frames, so that seeking is
fast, and x264 at --crf 21 without the features that are slow to decode (tune fastdecode), which
halves the decoding time for 10 % more bytes. Other options override it. Without a preset, the
encoder's defaults apply.

Groups of pictures are closed: after a seek, frames of open groups refer to frames before it, which
decord gets wrong. Scene cuts get their own key frames, which cost little there and only shorten
the distance from a seek.

A second run makes what is missing. Failed videos are listed in DST/failed.csv, and the exit status
is then 1.
"""

import argparse
import os
from fractions import Fraction
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import av
import numpy as np
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter
from av.video.stream import VideoStream

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.preparation.video_frames import (
    VideoFrames,
    fit_size,
    frames_at_rate,
    quarter_turns,
    turn_yuv,
)
from vsslbox.preparation.video_jobs import (
    Failure,
    add_job_options,
    check_settings,
    list_videos,
    make_outputs,
    note_settings,
    plan_outputs,
    report_failures,
    run_jobs,
)
from vsslbox.utils import temporary_path

# The encoders, with the options of each for closed groups and a single thread.
ENCODERS = {
    'h264': ('libx264', {'x264-params': 'open-gop=0'}),
    'hevc': ('libx265', {'x265-params': 'open-gop=0:pools=none:frame-threads=1:log-level=error'}),
}
PRESETS = {'train': {'g': '32', 'crf': '21', 'preset': 'medium', 'tune': 'fastdecode'}}

SAMPLE = 8  # videos whose quality is measured
SAMPLE_FRAMES = 5  # of each of these videos
MAX_PSNR = 100.0  # dB, for lossless frames


class Settings(NamedTuple):
    """The settings of the new files; ``options`` are those of the encoder."""

    short_side: int | None
    fps: Fraction | None
    codec: str
    options: dict[str, str]


class Result(NamedTuple):
    """The size of a file before and after, in bytes."""

    before: int
    after: int


def prepare(frame: VideoFrame, reformatter: VideoReformatter, settings: Settings) -> VideoFrame:
    """Convert a frame for the encoder: new size, 8 bits, limited range, upright."""
    width, height = fit_size(frame.width, frame.height, settings.short_side, step=2)
    scaled = reformatter.reformat(
        frame, width, height, 'yuv420p', interpolation='BICUBIC', dst_color_range=ColorRange.MPEG
    )
    turns = quarter_turns(frame)
    return turn_yuv(scaled, turns) if turns else scaled


def encode(path: str, target: Path, settings: Settings) -> None:
    """Write a resized video."""
    reformatter = VideoReformatter()
    with (
        VideoFrames(path) as video,
        av.open(str(target), 'w', options={'movflags': '+faststart'}) as container,
    ):
        encoder, options = ENCODERS[settings.codec]
        rate = (settings.fps or video.rate).limit_denominator(10_000)
        stream = container.add_stream(encoder, rate=rate, options={**options, **settings.options})
        for count, original in enumerate(frames_at_rate(video, settings.fps)):
            frame = prepare(original, reformatter, settings)
            if count == 0:
                _describe(stream, frame, original, video.pixel_shape)
            frame.pts, frame.time_base = count, 1 / rate
            frame.pict_type = (
                PictureType.NONE
            )  # otherwise the encoder repeats the source's key frames
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _describe(
    stream: VideoStream, frame: VideoFrame, original: VideoFrame, pixel_shape: Fraction | None
) -> None:
    """Set size, colours and pixel shape of the encoder."""
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = frame.width, frame.height, 'yuv420p'
    context.thread_count = 1
    context.color_range, context.colorspace = ColorRange.MPEG, original.colorspace
    if pixel_shape:
        context.sample_aspect_ratio = pixel_shape ** (-1 if quarter_turns(original) % 2 else 1)


def resize_video(job: tuple[str, str], settings: Settings) -> Result:
    """Resize a video; the output gets its name when it is complete."""
    path, output = job
    unfinished = temporary_path(output)
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    try:
        encode(path, unfinished, settings)
        os.replace(unfinished, output)
    finally:
        unfinished.unlink(missing_ok=True)
    return Result(os.path.getsize(path), os.path.getsize(output))


def measure_psnr(job: tuple[str, str], settings: Settings) -> float:
    """Return the mean luma PSNR of some frames against the scaled source, in dB."""
    path, output = job
    reformatter = VideoReformatter()
    with VideoFrames(output) as video:
        total = sum(1 for _ in video)
    chosen = set(np.linspace(0, total - 1, SAMPLE_FRAMES).astype(int).tolist())
    values = []
    with VideoFrames(path) as source, VideoFrames(output) as video:
        frames = zip(frames_at_rate(source, settings.fps), video)
        for place, (frame, coded) in enumerate(frames):
            if place in chosen:
                wanted = prepare(frame, reformatter, settings)
                values.append(psnr(_luma(wanted), _luma(coded)))
    return fmean(values)


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    """Return the peak signal to noise ratio of 8-bit images, in dB."""
    error = np.square(first.astype(np.float64) - second).mean()
    return min(MAX_PSNR, 10 * np.log10(255**2 / error)) if error else MAX_PSNR


def _luma(frame: VideoFrame) -> np.ndarray:
    return frame.to_ndarray()[: frame.height]


# --------------------------------------------------------------------------- the tool


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('source', metavar='SRC', type=Path, help='folder or list of the videos')
    parser.add_argument('folder', metavar='DST', type=Path, help='folder of the new videos')
    parser.add_argument('--preset', choices=sorted(PRESETS), help='purpose of the new videos')
    parser.add_argument('--short-side', type=int, help='maximum pixels of the shorter side')
    parser.add_argument('--fps', type=Fraction, help='frames per second, such as 15 or 30000/1001')
    parser.add_argument('--gop', type=int, help='maximum distance between key frames')
    parser.add_argument(
        '--codec', choices=sorted(ENCODERS), default='h264', help='codec of the new videos'
    )
    parser.add_argument('--crf', type=float, help='quality: lower is better and larger')
    parser.add_argument('--overwrite', action='store_true', help='make existing outputs again')
    add_job_options(parser)
    args = parser.parse_args()
    if args.short_side is not None and (args.short_side < 2 or args.short_side % 2):
        parser.error('--short-side must be an even number of pixels')
    if args.fps is not None and args.fps <= 0:
        parser.error('--fps must be above 0')
    return args


def settings_of(args: argparse.Namespace) -> Settings:
    """Return the settings of the command line, which override the preset."""
    given = {'g': args.gop, 'crf': args.crf}
    options = dict(PRESETS.get(args.preset, {}))
    options.update({name: f'{value:g}' for name, value in given.items() if value is not None})
    return Settings(args.short_side, args.fps, args.codec, options)


def report_quality(jobs: list[tuple[str, str]], settings: Settings, num_workers: int) -> None:
    """Print the PSNR of a sample of the outputs."""
    places = np.linspace(0, len(jobs) - 1, min(SAMPLE, len(jobs))).astype(int)
    sample = [jobs[place] for place in places]
    measured = run_jobs(partial(measure_psnr, settings=settings), sample, num_workers, 'comparing')
    values = [value for _, value in measured if not isinstance(value, Failure)]
    if values:
        print(
            f'luma PSNR against the scaled source: {fmean(values):.1f} dB, the lowest '
            f'{min(values):.1f} dB (of {len(values)} videos)'
        )


def main() -> None:
    """Resize the videos and report."""
    args = parse_args()
    settings = settings_of(args)
    videos = list_videos(args.source, args.data_root)
    plan = plan_outputs(videos, args.source, args.folder, '.mp4')
    described = dict(settings._asdict(), fps=settings.fps and str(settings.fps))
    if not args.overwrite:
        check_settings(args.folder, 'resize_videos', described)
    work = partial(resize_video, settings=settings)
    done, failures = make_outputs(work, plan, args.num_workers, 'resizing', args.overwrite)
    if args.overwrite:  # not earlier: until now some had the old settings
        note_settings(args.folder, 'resize_videos', described)
    if done:
        before, after = (sum(sizes) / 1e6 for sizes in zip(*done.values()))
        print(f'{before:.1f} MB became {after:.1f} MB')
        report_quality([(path, plan[path]) for path in sorted(done)], settings, args.num_workers)
    report_failures(args.folder, failures)


if __name__ == '__main__':
    run_command(main)
