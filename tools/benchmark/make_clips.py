"""Make clips like those of Kinetics from any videos, for benchmarks.

python tools/benchmark/make_clips.py VIDEO_OR_FOLDER ... --out FOLDER [--gop 12]
"""

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.datasets.readers import PyAVReader
from vsslbox.datasets.video_dataset import ENDINGS
from vsslbox.utils import track

FPS = 25


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('videos', nargs='+', type=Path, help='video files, or folders of them')
    parser.add_argument('--out', required=True, type=Path, help='folder of the clips')
    parser.add_argument('--gop', type=int, default=12, help='distance between key frames')
    parser.add_argument('--seconds', type=int, default=10)
    parser.add_argument('--size', nargs=2, type=int, default=(340, 256), metavar=('W', 'H'))
    parser.add_argument('--crf', type=int, default=21, help="x264's quality: lower is better")
    return parser.parse_args()


def find_videos(paths: list[Path]) -> list[Path]:
    """Return the given files, and those in the given folders."""
    found = []
    for path in paths:
        inside = sorted(p for p in path.rglob('*') if p.suffix.lower() in ENDINGS)
        found += inside if path.is_dir() else [path]
    return found


def back_and_forth(num_frames: int, length: int) -> Iterator[int]:
    """Yield frame indices that run back and forth through a video."""
    period = max(2 * (num_frames - 1), 1)
    for number in range(length):
        place = number % period
        yield min(place, period - place)


def write_clip(source: Path, target: Path, args: argparse.Namespace) -> None:
    """Encode the beginning of a video, stretched to the given size."""
    reader = PyAVReader(str(source))
    indices = list(back_and_forth(reader.num_frames, FPS * args.seconds))
    needed = sorted(set(indices))
    frames = dict(zip(needed, reader.read(needed)))
    reader.close()
    with av.open(str(target), 'w') as container:
        options = {'crf': str(args.crf), 'preset': 'medium', 'g': str(args.gop)}
        stream = container.add_stream('libx264', rate=FPS, options=options)
        stream.width, stream.height = args.size
        stream.pix_fmt = 'yuv420p'
        stream.codec_context.thread_count = 1
        for number, index in enumerate(indices):
            frame = av.VideoFrame.from_ndarray(frames[index], format='rgb24')
            frame = frame.reformat(*args.size, format='yuv420p', interpolation='AREA')
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def main() -> None:
    """Make the clips."""
    args = parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    videos = find_videos(args.videos)
    for number, path in enumerate(track(videos, 'clips', len(videos))):
        write_clip(path, args.out / f'{number:03}_{path.stem}.mp4', args)


if __name__ == '__main__':
    run_command(main)
