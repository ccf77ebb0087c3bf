"""Measure how well the steps of curation find what was planted among the videos of a folder.

python tools/benchmark/curation.py FOLDER --checkpoint NAME [--videos 40] [--json FILE]

Everything is made in a temporary folder from clips of the folder that are drawn with one seed:

* shots: films of ten clips after each other; a cut is found if one is reported at its frame;
* filters: copies of clips that are frozen, black, dark or blurred; a condition finds a copy if it
  leaves it out, and is wrong about each untouched clip that it leaves out;
* semantic duplicates: copies that are encoded again, smaller or brighter; a copy is found if it is
  left out for its original or another copy of it, or they for it; a row that is left out for
  another clip is wrong. The last columns are the pairs of a copy and its original that stay
  together, by SemDeDup's own rule, which does not compare clusters.
"""

import argparse
import json
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from duplicates import KINDS, Film, each, lit, read_film, write_film

from vsslbox.apis import VideoEmbedder
from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.apis.video_inferencer import video_files
from vsslbox.models.utils.kmeans import kmeans
from vsslbox.preparation.curation import (
    Condition,
    ShotSettings,
    find_shots,
    parse_condition,
    score_spans,
)
from vsslbox.preparation.video_jobs import Failure, run_jobs
from vsslbox.search import semantic_duplicates

CLIPS = 10  # in a film
TOLERANCES = (0, 2)  # frames
SPOILED = {
    'frozen': lambda film: film._replace(frames=film.frames[:1] * len(film.frames)),
    'black': each(np.zeros_like),
    'dark': each(lit(0.1, 0)),
    'blurred': each(lambda frame: cv2.GaussianBlur(frame, (0, 0), max(frame.shape) / 40)),
}
CONDITIONS = {
    'motion>0.0005': ('frozen', 'black'),
    'brightness>0.08': ('black', 'dark'),
    'sharpness>0.5': ('blurred', 'black'),
}
COPIES = ('H.264 at crf 38', 'half the size', 'brighter (1.15 x + 25)')
THRESHOLDS = (0.9, 0.95, 0.98, 0.99, 0.999)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('folder', help='a folder of videos')
    parser.add_argument('--checkpoint', required=True, help='computes the features of duplicates')
    parser.add_argument('--videos', type=int, default=40, help='clips that are spoiled and copied')
    parser.add_argument('--films', type=int, default=20)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--workers', type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    return parser.parse_args()


def rates(found: int, wrong: int, planted: int) -> dict[str, Any]:
    """Return counts with recall and precision."""
    return dict(
        planted=planted,
        found=found,
        wrong=wrong,
        recall=found / max(1, planted),
        precision=found / max(1, found + wrong),
    )


def run(work: Any, jobs: list, workers: int, title: str) -> dict:
    """Run jobs, and return their results; each must succeed."""
    results = dict(run_jobs(work, jobs, workers, title))
    for job, result in results.items():
        if isinstance(result, Failure):
            raise RuntimeError(f'{job}: {result.reason}')
    return results


# --------------------------------------------------------------------------- shots


def join(job: tuple[str, tuple[str, ...]]) -> list[int]:
    """Write a film of clips, and return the frames at which its cuts are."""
    path, clips = job
    films = [read_film(clip) for clip in clips]
    height, width = films[0].frames[0].shape[:2]
    frames, cuts = [], []
    for film in films:
        cuts.append(len(frames))
        frames += [cv2.resize(frame, (width, height)) for frame in film.frames]
    write_film(Film(frames, films[0].rate), Path(path))
    return cuts[1:]


def measure_shots(videos: list[str], args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return the figures of both detectors."""
    rng = np.random.default_rng(args.seed)
    jobs = [
        (str(folder / f'{number}.mp4'), tuple(rng.choice(videos, CLIPS, replace=False).tolist()))
        for number in range(args.films)
    ]
    truth = {path: cuts for (path, _), cuts in run(join, jobs, args.workers, 'joining').items()}
    figures = {}
    for detector in ('adaptive', 'content'):
        work = partial(find_shots, settings=ShotSettings(detector))
        shots = run(work, list(truth), args.workers, detector)
        for tolerance in TOLERANCES:
            found = wrong = 0
            for path, cuts in truth.items():
                rate = float(read_rate(path))
                told = [round(start * rate) for start, _ in shots[path][1:]]
                found += sum(any(abs(cut - one) <= tolerance for one in told) for cut in cuts)
                wrong += sum(all(abs(cut - one) > tolerance for cut in cuts) for one in told)
            planted = sum(map(len, truth.values()))
            figures[f'{detector}, within {tolerance} frames'] = rates(found, wrong, planted)
    return figures


def read_rate(path: str) -> float:
    """Return the frames a second of a video."""
    return float(read_film(path).rate)


# --------------------------------------------------------------------------- filters


def spoil(job: tuple[str, str, str]) -> None:
    """Write a spoiled copy of a clip."""
    path, clip, kind = job
    write_film(SPOILED[kind](read_film(clip)), Path(path))


def score(path: str) -> dict[str, float]:
    """Return the scores of a video."""
    return score_spans(path, [None])[0]


def measure_filters(videos: list[str], args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return the figures of each condition."""
    jobs = [
        (str(folder / f'{number} {kind}.mp4'), video, kind)
        for number, video in enumerate(videos[: args.videos])
        for kind in SPOILED
    ]
    run(spoil, jobs, args.workers, 'spoiling')
    kinds = {path: kind for path, _, kind in jobs} | dict.fromkeys(videos, 'untouched')
    scores = run(score, list(kinds), args.workers, 'scoring')
    figures: dict[str, Any] = {}
    for text, targets in CONDITIONS.items():
        condition: Condition = parse_condition(text)
        left_out = [kinds[path] for path, row in scores.items() if not condition.is_met(row)]
        planted = [kind for kind in kinds.values() if kind in targets]
        found = sum(kind in targets for kind in left_out)
        figures[text] = rates(found, left_out.count('untouched'), len(planted))
        for kind in targets:
            number = list(kinds.values()).count(kind)
            figures[f'{text}, {kind}'] = rates(left_out.count(kind), 0, number)
    for kind in ('untouched', *SPOILED):
        rows = [scores[path] for path in kinds if kinds[path] == kind]
        figures[f'quantiles of {kind}'] = {
            name: np.quantile([row[name] for row in rows], [0, 0.05, 0.5, 0.95, 1]).tolist()
            for name in ('motion', 'sharpness', 'brightness', 'contrast')
        }
    return figures


# --------------------------------------------------------------------------- duplicates


def copy(job: tuple[str, str, str]) -> None:
    """Write a copy of a clip."""
    path, clip, kind = job
    write_film(KINDS[kind](read_film(clip)), Path(path))


def by_semdedup(units: np.ndarray, threshold: float, clusters: int) -> set[int]:
    """Return the rows that SemDeDup leaves out: those near an earlier one of their cluster."""
    made = kmeans(torch.from_numpy(units), clusters)
    labels, centroids = made.labels.numpy(), made.centroids.numpy()
    left_out = set()
    for number in range(clusters):
        rows = np.flatnonzero(labels == number)
        order = np.argsort(-np.linalg.norm(units[rows] - centroids[number], axis=1), kind='stable')
        rows = rows[order]
        earlier = np.tril(units[rows] @ units[rows].T, -1)
        left_out.update(rows[(earlier >= threshold).any(axis=1)].tolist())
    return left_out


def measure_duplicates(videos: list[str], args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return the figures of each threshold."""
    jobs = [
        (str(folder / f'{number} {kind.split()[0]}.mp4'), video, kind)
        for number, video in enumerate(videos[: args.videos])
        for kind in COPIES
    ]
    run(copy, jobs, args.workers, 'copying')
    originals = {video: video for video in videos} | {path: video for path, video, _ in jobs}
    files = list(originals)
    embedder = VideoEmbedder(args.checkpoint, num_workers=args.workers, show_progress=True)
    features = embedder(files)['predictions']
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    groups = [[n for n, file in enumerate(files) if originals[file] == v] for v in videos]
    figures = {}
    for threshold in THRESHOLDS:
        doubles = semantic_duplicates(features, threshold)
        right = {
            row
            for row, (kept, _) in doubles.items()
            if originals[files[row]] == originals[files[kept]]
        }
        row = rates(len(right), len(doubles) - len(right), len(jobs))
        theirs = by_semdedup(units, threshold, int(len(units) ** 0.5))
        row['left together'], row["left together by SemDeDup's rule"] = (
            sum(
                bool(units[a] @ units[b] >= threshold) and a not in out and b not in out
                for group in groups
                for a in group
                for b in group
                if a < b
            )
            for out in (doubles, theirs)
        )
        row["left out by SemDeDup's rule"] = len(theirs)
        figures[f'cosine >= {threshold}'] = row
    return figures


def main() -> None:
    """Measure and print."""
    args = parse_args()
    videos = video_files(args.folder)
    videos = np.random.default_rng(args.seed).permutation(videos).tolist()
    figures = {}
    for name, measure in [
        ('shots', measure_shots),
        ('filters', measure_filters),
        ('duplicates', measure_duplicates),
    ]:
        with tempfile.TemporaryDirectory() as folder:
            figures[name] = measure(videos, args, Path(folder))
        print(json.dumps({name: figures[name]}, indent=2), flush=True)
    if args.json is not None:
        args.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    run_command(main)
