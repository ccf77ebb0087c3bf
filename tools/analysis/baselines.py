"""Measure what no learned representation is needed for: one frame, colours, changes.

python tools/analysis/baselines.py data/motion/videos.csv data/motion/splits/*.csv --labels action

Each list is a CSV with the columns `path`, `split` and those of the labels. What `train` teaches is
measured on `val` and `test`:

* `one frame`: a single frame of each video, drawn at random. The features are pixels, histograms of
  oriented gradients and those of a random network; kNN and a linear SVM train on several frames of
  each training video. The best of these six is chosen on folds of the training videos.
* `colour` and `motion`: the histograms of the report card, of 16 frames spread over the video, by
  the better of both classifiers, chosen likewise.

A representation of motion has to be better than all of them. The intervals are Wilson's (95 %).
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from vsslbox.apis.command_line import run_command, tool_parser
from vsslbox.evaluation import FeatureSet
from vsslbox.evaluation.functional import wilson_interval
from vsslbox.evaluation.metrics import ClassifierMetric, KNNMetric, LinearSVMMetric
from vsslbox.models.extractors import colour_histogram, motion_histogram
from vsslbox.preparation.folds import group_folds, named_split
from vsslbox.preparation.text_files import read_csv
from vsslbox.preparation.video_frames import VideoFrames
from vsslbox.utils import track

SIDE = 64  # pixels that each frame is scaled to
CLIP = 16  # frames of the histograms
FOLDS = 3


class Frames(NamedTuple):
    """What is read of a video: frames that train, one that tests, and a clip, uint8 RGB."""

    train: np.ndarray
    test: np.ndarray
    clip: np.ndarray


def read_frames(path: str, number: int, rng: np.random.Generator) -> Frames:
    """Decode a video, and draw its frames."""
    with VideoFrames(path) as frames:
        images = np.stack(
            [
                frame.to_ndarray(format='rgb24', width=SIDE, height=SIDE, interpolation='AREA')
                for frame in frames
            ]
        )
    drawn = rng.integers(len(images), size=number + 1)
    spread = np.linspace(0, len(images) - 1, CLIP).round().astype(int)
    return Frames(images[drawn[1:]], images[drawn[:1]], images[spread])


# --------------------------------------------------------------------------- features


def pixels(images: np.ndarray) -> Tensor:
    """Return grey values, normalised within each image, ``[N, 1024]``."""
    small = [cv2.resize(cv2.cvtColor(i, cv2.COLOR_RGB2GRAY), (32, 32)) for i in images]
    rows = torch.from_numpy(np.stack(small)).float().flatten(1)
    return (rows - rows.mean(dim=1, keepdim=True)) / (rows.std(dim=1, keepdim=True) + 1)


def gradients(images: np.ndarray) -> Tensor:
    """Return histograms of oriented gradients in cells of 8 x 8 pixels, ``[N, 1764]``."""
    describe = cv2.HOGDescriptor((SIDE, SIDE), (16, 16), (8, 8), (8, 8), 9)
    return torch.from_numpy(np.stack([describe.compute(image).ravel() for image in images]))


@torch.no_grad()
def random_network(images: np.ndarray) -> Tensor:
    """Return the features of a network with random weights, in 4 x 4 cells, ``[N, 2048]``."""
    inputs = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 - 0.5
    return _network()(inputs).flatten(1)


@cache
def _network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            *(nn.Conv2d(3, 64, 7, 2, 3), nn.ReLU(), nn.Conv2d(64, 128, 3, 2, 1), nn.ReLU()),
            nn.AdaptiveAvgPool2d(4),
        ).eval()


STILL = dict(pixels=pixels, gradients=gradients, random_network=random_network)
MOVING = dict(colour=colour_histogram, motion=motion_histogram)
CLASSIFIERS: dict[str, Callable[[], ClassifierMetric]] = dict(
    knn=KNNMetric,
    svm=partial(LinearSVMMetric, leave_out='name'),
)


class Rows(NamedTuple):
    """The features of a video: several rows to train on, and one to test."""

    train: Tensor
    test: Tensor


Source = dict[str, Rows]  # by the path of the video


def compute_sources(videos: Mapping[str, Frames]) -> dict[str, Source]:
    """Compute all features by name."""
    sources: dict[str, Source] = {
        name: {path: Rows(feature(own.train), feature(own.test)) for path, own in videos.items()}
        for name, feature in STILL.items()
    }
    for name, histogram in MOVING.items():
        sources[name] = {}
        for path, own in videos.items():
            row = histogram(torch.from_numpy(own.clip).permute(3, 0, 1, 2)[None])
            sources[name][path] = Rows(row, row)
    return sources


# --------------------------------------------------------------------------- measurement


class Labelled(NamedTuple):
    """A video and its class."""

    path: str
    label: str


def measure(
    sources: Mapping[str, Source], train: Sequence[Labelled], test: Sequence[Labelled]
) -> tuple[Tensor, str]:
    """Choose a feature and a classifier on folds of the training videos, and test this choice.

    Returns:
        Whether each of the videos that test is classified right, and what was chosen.
    """
    folds = group_folds([video.label for video in train], None, FOLDS, seed=0)
    found = {}
    for name, source in sources.items():
        for kind in CLASSIFIERS:
            rights = [
                classify(source, kind, *([train[n] for n in part] for part in fold))
                for fold in folds
            ]
            found[name, kind] = torch.cat(rights).mean().item()
    name, kind = max(found, key=found.__getitem__)
    return classify(sources[name], kind, train, test), f'{name}, {kind}'


def classify(
    source: Source, kind: str, train: Sequence[Labelled], test: Sequence[Labelled]
) -> Tensor:
    """Return whether each of the videos that test is classified right, float64 ``[N]``."""
    gallery = _feature_set((source[video.path].train, video) for video in train)
    queries = _feature_set((source[video.path].test, video) for video in test)
    (rights,) = CLASSIFIERS[kind]().outcomes(queries, gallery).values()
    return rights


def _feature_set(videos: Iterable[tuple[Tensor, Labelled]]) -> FeatureSet:
    rows, entries = zip(*videos, strict=True)
    attributes = [
        dict(name=entry.path, label=entry.label)
        for own, entry in zip(rows, entries, strict=True)
        for _ in own
    ]
    return FeatureSet(torch.cat(rows), attributes)


def measure_list(path: Path, label: str, sources: Mapping[str, Source]) -> Iterator[tuple]:
    """Yield the rows of the table for a column of a list."""
    rows = read_csv(path, 'path', 'split', label)
    videos = [Labelled(row['path'], row[label].strip()) for row in rows]
    train, test = (
        [videos[n] for n in part] for part in named_split([row['split'] for row in rows], None)
    )
    ((most, _),) = Counter(video.label for video in train).most_common(1)
    chance = sum(video.label == most for video in test) / len(test)
    for title, names in {'one frame': STILL, **{name: [name] for name in MOVING}}.items():
        rights, how = measure({name: sources[name] for name in names}, train, test)
        low, high = wilson_interval(rights.sum().item(), len(rights))
        yield (
            *(path.stem, label, title, len(rights), f'{100 * rights.mean().item():.1f}'),
            *(f'{100 * low:.1f} to {100 * high:.1f}', f'{100 * chance:.1f}', how),
        )


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('lists', type=Path, nargs='+', help='CSV with path, split and the labels')
    parser.add_argument(
        '--data-root', type=Path, help='folder of the videos (default: that of the first list)'
    )
    parser.add_argument('--labels', nargs='+', required=True, help='columns to predict')
    parser.add_argument(
        '--frames', type=int, default=4, help='frames of each training video (default: 4)'
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of the drawn frames')
    args = parser.parse_args()
    if args.frames < 1:
        parser.error('--frames must be positive')
    return args


def main() -> None:
    """Measure, and print the table."""
    args = parse_args()
    root = args.data_root or args.lists[0].parent
    paths = dict.fromkeys(row['path'] for own in args.lists for row in read_csv(own, 'path'))
    videos = {
        path: read_frames(str(root / path), args.frames, np.random.default_rng((args.seed, number)))
        for number, path in enumerate(track(paths, 'videos', len(paths)))
    }
    sources = compute_sources(videos)
    print('| list | label | from | n | top-1 | 95 % | chance | chosen |')
    print('|---|---|---|--:|--:|--:|--:|---|')
    for own, label in product(args.lists, args.labels):
        for row in measure_list(own, label, sources):
            print('| ' + ' | '.join(map(str, row)) + ' |', flush=True)


if __name__ == '__main__':
    run_command(main)
