"""Measure how many planted copies `tools/duplicates.py` finds, and how many of its pairs are right.

python tools/benchmark/duplicates.py FOLDER [--originals 40] [--checkpoint NAME] [--json FILE]

Of some videos of the folder, evenly spaced over its names, copies of each kind are made in a
temporary folder. Then pairs between all videos of the folder and all copies are looked for. The
recall of a kind is the share of its copies that are found with their original; the precision is the
share of pairs with copies of that kind that are right. Pairs within the folder itself, of which the
truth is unknown, are listed at the end.

With --checkpoint the same copies are looked for by the cosine similarity of learned features alone,
at the threshold with the best F1 over all pairs of this very folder, which is the best case.
"""

import argparse
import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np

from vsslbox.apis import VideoEmbedder
from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.video_inferencer import video_files
from vsslbox.errors import InputError
from vsslbox.preparation.video_frames import VideoFrames
from vsslbox.preparation.video_jobs import Failure, run_jobs
from vsslbox.search import duplicate_pairs, read_signatures
from vsslbox.utils import escaped


class Film(NamedTuple):
    """What a copy is made of.

    Attributes:
        frames: RGB, uint8 ``[H, W, 3]`` each.
        rate: Frames a second.
        codec: The encoder.
        options: Its options.
    """

    frames: list[np.ndarray]
    rate: Fraction
    codec: str = 'libx264'
    options: dict[str, str] = {'crf': '23', 'preset': 'veryfast'}  # noqa: RUF012


def each(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Film], Film]:
    """Return a function that changes every frame of a film."""
    return lambda film: film._replace(frames=[change(frame) for frame in film.frames])


def middle(keep: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that crops a frame to its middle, with such a share of both sides."""

    def crop(frame: np.ndarray) -> np.ndarray:
        height, width = (round(side * keep) for side in frame.shape[:2])
        top, left = (frame.shape[0] - height) // 2, (frame.shape[1] - width) // 2
        return frame[top : top + height, left : left + width]

    return crop


def scaled(scale: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that scales a frame."""
    return lambda frame: cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def lit(contrast: float, brightness: float) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that changes contrast and brightness."""
    return lambda frame: (frame * contrast + brightness).clip(0, 255).astype(np.uint8)


def at_speed(speed: float) -> Callable[[Film], Film]:
    """Return a function that changes the speed of a film."""
    return lambda film: film._replace(rate=film.rate * Fraction(speed))


def cut(start: float, end: float) -> Callable[[Film], Film]:
    """Return a function that keeps a segment of a film, in shares of its length."""
    return lambda film: film._replace(
        frames=film.frames[int(len(film.frames) * start) : int(len(film.frames) * end)]
    )


KINDS: dict[str, Callable[[Film], Film]] = {
    'H.264 at crf 38': lambda film: film._replace(options={'crf': '38', 'preset': 'veryfast'}),
    'MPEG-4 at q 8': lambda film: film._replace(codec='mpeg4', options={'qmin': '8', 'qmax': '8'}),
    'half the size': each(scaled(0.5)),
    'middle 0.95': each(middle(0.95)),
    'middle 0.9': each(middle(0.9)),
    'middle 0.85': each(middle(0.85)),
    'middle 0.8': each(middle(0.8)),
    'middle 0.7': each(middle(0.7)),
    'mirrored': each(lambda frame: frame[:, ::-1]),
    'mirrored, middle 0.9': each(lambda frame: middle(0.9)(frame)[:, ::-1]),
    'speed 0.8': at_speed(0.8),
    'speed 0.93': at_speed(0.93),
    'speed 1.18': at_speed(1.18),
    'speed 1.25': at_speed(1.25),
    'first and last fifth cut': cut(0.2, 0.8),
    'first half cut': cut(0.5, 1),
    'brighter (1.15 x + 25)': each(lit(1.15, 25)),
    'darker (0.7 x - 10)': each(lit(0.7, -10)),
}  # fmt: skip


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('folder', help='a folder of videos')
    parser.add_argument('--originals', type=int, default=40, help='videos that are copied')
    parser.add_argument('--checkpoint', help='compare with learned features')
    parser.add_argument('--workers', type=int, default=os.cpu_count() or 1)
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    return parser.parse_args()


def read_film(path: str) -> Film:
    """Read a whole video."""
    with VideoFrames(path) as video:
        return Film([frame.to_ndarray(format='rgb24') for frame in video], video.rate)


def write_film(film: Film, path: Path) -> None:
    """Encode a film; an odd last row or column is left out."""
    height, width = (side // 2 * 2 for side in film.frames[0].shape[:2])
    with av.open(str(path), 'w') as container:
        rate = film.rate.limit_denominator(1001)
        stream = container.add_stream(film.codec, rate=rate, options=film.options)
        stream.height, stream.width, stream.pix_fmt = height, width, 'yuv420p'
        stream.codec_context.thread_count = 1
        for frame in film.frames:
            even = np.ascontiguousarray(frame[:height, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format='rgb24')))
        container.mux(stream.encode())


def plant(job: tuple[int, str], folder: Path) -> list[tuple[str, str]]:
    """Write the copies of a video, and return the kind and the path of each."""
    number, path = job
    film, made = read_film(path), []
    for kind, change in KINDS.items():
        copy = change(film)
        ending = 'avi' if copy.codec == 'mpeg4' else 'mp4'
        made.append((kind, str(folder / f'{number:06}_{len(made)}.{ending}')))
        write_film(copy, Path(made[-1][1]))
    return made


def figures(
    pairs: set[tuple[str, str]], copies: dict[str, tuple[str, str]]
) -> dict[str, dict[str, Any]]:
    """Return the figures of each kind, and of all.

    Args:
        pairs: Those that were found, of a video and a copy.
        copies: The kind and the original of each copy.
    """
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict(copies=0, found=0, wrong=0))
    for copy, (kind, original) in copies.items():
        for name in ('all', kind):
            counts[name]['copies'] += 1
            counts[name]['found'] += (original, copy) in pairs
    for video, copy in pairs:
        kind, original = copies[copy]
        for name in (kind, 'all'):
            counts[name]['wrong'] += video != original
    return {
        name: dict(
            **count,
            recall=count['found'] / count['copies'],
            precision=count['found'] / max(1, count['found'] + count['wrong']),
        )
        for name, count in counts.items()
    }


def by_features(
    videos: list[str], copies: dict[str, tuple[str, str]], checkpoint: str, num_workers: int
) -> tuple[set[tuple[str, str]], float]:
    """Return the pairs by learned features at the best threshold, and that threshold."""
    embedder = VideoEmbedder(checkpoint, num_workers=num_workers, show_progress=True)
    units = []
    for some in (videos, list(copies)):
        rows = embedder(some)['predictions']
        units.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    cosines = units[0] @ units[1].T
    truth = np.array([[copies[copy][1] == video for copy in copies] for video in videos])
    order = np.argsort(-cosines, axis=None)
    right = np.cumsum(truth.ravel()[order])
    f1 = 2 * right / (np.arange(1, len(order) + 1) + truth.sum())
    threshold = float(cosines.ravel()[order[f1.argmax()]])
    names = list(copies)
    found = {(videos[i], names[j]) for i, j in np.argwhere(cosines >= threshold)}
    return found, threshold


def print_figures(title: str, results: dict[str, dict[str, Any]]) -> None:
    """Print a table."""
    print(f'\n{title:30} copies  recall  precision  wrong pairs')
    for name in sorted(results, key=[*KINDS, 'all'].index):
        row = results[name]
        print(
            f'{name:30} {row["copies"]:6} {100 * row["recall"]:7.1f} {100 * row["precision"]:10.1f}'
            f' {row["wrong"]:12}'
        )


def main() -> None:
    """Measure and print."""
    args = parse_args()
    videos = video_files(args.folder)
    step = max(1, len(videos) // args.originals)
    with tempfile.TemporaryDirectory() as folder:
        copies: dict[str, tuple[str, str]] = {}
        jobs = list(enumerate(videos[::step][: args.originals]))
        work = partial(plant, folder=Path(folder))
        for (_, path), made in run_jobs(work, jobs, args.workers, 'copying'):
            if isinstance(made, Failure):
                print(f'not copied: {escaped(path)}: {made.reason}')
            else:
                copies.update((copy, (kind, path)) for kind, copy in made)
        if not copies:
            raise InputError(f'none of the videos of {args.folder} can be copied')
        start = time.perf_counter()
        signatures, bad = read_signatures([*videos, *copies], args.workers)
        read = time.perf_counter() - start
        videos = [video for video in videos if video not in bad]
        first, second = ([signatures[name] for name in names] for names in (videos, copies))
        start, names = time.perf_counter(), list(copies)
        found = duplicate_pairs(first, second)
        compared = time.perf_counter() - start
        pairs = {(videos[pair.first], names[pair.second]) for pair in found}
        results = dict(signatures=figures(pairs, copies))
        print_figures('signatures', results['signatures'])
        print(
            f'{len(videos)} videos and {len(copies)} copies, {args.workers} processes: '
            f'{read:.1f} s to read, {compared:.1f} s to compare'
        )
        if args.checkpoint:
            learned, threshold = by_features(videos, copies, args.checkpoint, args.workers)
            results['features'] = figures(learned, copies)
            print_figures(f'features, cosine >= {threshold:.4f}', results['features'])
    within = duplicate_pairs(first)
    print(f'\n{len(within)} pairs within the folder itself')
    for pair in within[:20]:
        names = (escaped(videos[place]) for place in pair[:2])
        print(f'  {pair.alignment.score:.3f}  {"  ".join(names)}')
    if args.json is not None:
        args.json.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    run_command(main)
