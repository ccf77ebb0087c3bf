"""Make smaller videos of the videos of a folder or list, or ones that are sooner decoded.

python tools/data/resize_videos.py SRC DST --preset train [--short-side 128] [--fps 15] ...

DST gets the folders of SRC, with an MP4 file for each video. Without --fps the frames of a video
stay its frames, one to one, at its average rate; with it, each point in time shows the nearest
frame. Frames that the container asks to be turned are turned, so that the new file asks for
nothing. Videos are never enlarged; both sides are even; there is no sound.

--preset train is for files to train from: a group of pictures of 32 frames, so that a seek is
near; coded with x264 at --crf 21 without what is slow to decode (tune fastdecode), which halves
the time to decode at a tenth more bytes. Other options override it. Without a preset, what isn't
given is the encoder's choice.

Groups of pictures are closed: after a seek, open ones give frames that refer to some before it,
which decord gets wrong. Cuts get key frames of their own, as these cost little there and only
shorten the way from a seek.

A second run makes those that are missing. Those that fail are listed in DST/failed.csv; the exit
status is 1 then.
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

from vsslbox.apis.command_line import run_command
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
from vsslbox.utils.paths import temporary_path

# The encoders and what each of them needs for closed groups and a single thread.
ENCODERS = {
    'h264': ('libx264', {'x264-params': 'open-gop=0'}),
    'hevc': ('libx265', {'x265-params': 'open-gop=0:pools=none:frame-threads=1:log-level=error'}),
}
PRESETS = {'train': {'g': '32', 'crf': '21', 'preset': 'medium', 'tune': 'fastdecode'}}

SAMPLE = 8  # videos whose quality is measured
SAMPLE_FRAMES = 5  # of each of them
MAX_PSNR = 100.0  # dB, of frames without any loss


class Settings(NamedTuple):
    """What the new files are like; the options are the encoder's."""

    short_side: int | None
    fps: Fraction | None
    codec: str
    options: dict[str, str]


class Result(NamedTuple):
    """The bytes of a file and of what was made of it."""

    before: int
    after: int


def prepare(frame: VideoFrame, reformatter: VideoReformatter, settings: Settings) -> VideoFrame:
    """A frame as it is to be coded: its size, 8 bits, limited range, upright."""
    width, height = fit_size(frame.width, frame.height, settings.short_side, step=2)
    scaled = reformatter.reformat(
        frame, width, height, 'yuv420p', interpolation='BICUBIC', dst_color_range=ColorRange.MPEG
    )
    turns = quarter_turns(frame)
    return turn_yuv(scaled, turns) if turns else scaled


def encode(path: str, target: Path, settings: Settings) -> None:
    """Write a file that is smaller."""
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
            frame.pict_type = PictureType.NONE  # or the encoder repeats the source's key frames
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _describe(
    stream: VideoStream, frame: VideoFrame, original: VideoFrame, pixel_shape: Fraction | None
) -> None:
    """Tell the encoder what its frames are like."""
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = frame.width, frame.height, 'yuv420p'
    context.thread_count = 1
    context.color_range, context.colorspace = ColorRange.MPEG, original.colorspace
    if pixel_shape:
        context.sample_aspect_ratio = pixel_shape ** (-1 if quarter_turns(original) % 2 else 1)


def resize_video(job: tuple[str, str], settings: Settings) -> Result:
    """Make a file of another, and put it into its place when it is finished."""
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
    """The quality of a file in dB: luma against the scaled source, mean of some frames."""
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
    """Peak signal to noise ratio of 8-bit images, in dB."""
    error = np.square(first.astype(np.float64) - second).mean()
    return min(MAX_PSNR, 10 * np.log10(255**2 / error)) if error else MAX_PSNR


def _luma(frame: VideoFrame) -> np.ndarray:
    return frame.to_ndarray()[: frame.height]


# --------------------------------------------------------------------------- the tool


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('source', metavar='SRC', type=Path, help='folder or list of the videos')
    parser.add_argument('folder', metavar='DST', type=Path, help='where the new ones go')
    parser.add_argument('--preset', choices=sorted(PRESETS), help='what they are for')
    parser.add_argument('--short-side', type=int, help='pixels of the shorter side, at most')
    parser.add_argument('--fps', type=Fraction, help='frames per second, such as 15 or 30000/1001')
    parser.add_argument('--gop', type=int, help='frames from one key frame to the next, at most')
    parser.add_argument('--codec', choices=sorted(ENCODERS), default='h264', help='how to code')
    parser.add_argument('--crf', type=float, help='quality: lower is better and larger')
    parser.add_argument('--overwrite', action='store_true', help='make those anew that are there')
    add_job_options(parser)
    args = parser.parse_args()
    if args.short_side is not None and (args.short_side < 2 or args.short_side % 2):
        parser.error('--short-side must be an even number of pixels')
    if args.fps is not None and args.fps <= 0:
        parser.error('--fps must be above 0')
    return args


def settings_of(args: argparse.Namespace) -> Settings:
    """What the command line asks for, over the preset."""
    given = {'g': args.gop, 'crf': args.crf}
    options = dict(PRESETS.get(args.preset, {}))
    options.update({name: f'{value:g}' for name, value in given.items() if value is not None})
    return Settings(args.short_side, args.fps, args.codec, options)


def report_quality(jobs: list[tuple[str, str]], settings: Settings, num_workers: int) -> None:
    """Print the PSNR of a sample of what was made."""
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
    """Make the videos and report."""
    args = parse_args()
    settings = settings_of(args)
    videos = list_videos(args.source, args.data_root)
    plan = plan_outputs(videos, args.source, args.folder, '.mp4')
    described = dict(settings._asdict(), fps=settings.fps and str(settings.fps))
    if not args.overwrite:
        check_settings(args.folder, 'resize_videos', described)
    work = partial(resize_video, settings=settings)
    done, failures = make_outputs(work, plan, args.num_workers, 'resizing', args.overwrite)
    if args.overwrite:  # not before: until then some are as they were
        note_settings(args.folder, 'resize_videos', described)
    if done:
        before, after = (sum(sizes) / 1e6 for sizes in zip(*done.values()))
        print(f'{before:.1f} MB became {after:.1f} MB')
        report_quality([(path, plan[path]) for path in sorted(done)], settings, args.num_workers)
    report_failures(args.folder, failures)


if __name__ == '__main__':
    run_command(main)
