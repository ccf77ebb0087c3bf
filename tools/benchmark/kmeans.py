"""Time one iteration of k-means against faiss on the CPU, and the neighbours of a batch.

python tools/benchmark/kmeans.py [--points 240000] [--clusters 8000] [--dim 128] [--json FILE]

Each backend runs in a process of its own: vsslbox, faiss as installed, and faiss with a fixed
choice of OpenBLAS's kernels (its own choice is wrong on some processors). They take turns in each
round. Figures are medians over the rounds, and ratios are medians of the ratios of each round. If
faiss is not installed (``pip install faiss-cpu``), only vsslbox is timed.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from backends import all_backends, run_backend
from machine import describe_machine

from vsslbox.models.utils.kmeans import assign, update_centroids

SIZES = ('points', 'clusters', 'dim')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--points', type=int, default=240000)
    parser.add_argument('--clusters', type=int, default=8000)
    parser.add_argument('--dim', type=int, default=128)
    parser.add_argument('--threads', type=int, default=1, help='threads of each backend')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--json', type=Path, help='file for the figures')
    parser.add_argument('--only', choices=('vsslbox', 'faiss'), help=argparse.SUPPRESS)
    return parser.parse_args()


def make_points(args: argparse.Namespace) -> torch.Tensor:
    """Draw unit vectors around one centre for each cluster."""
    generator = torch.Generator().manual_seed(0)
    centers = torch.randn(args.clusters, args.dim, generator=generator)
    chosen = torch.randint(args.clusters, (args.points,), generator=generator)
    noise = torch.randn(args.points, args.dim, generator=generator)
    return F.normalize(centers[chosen] + noise, dim=1)


def time_ours(points: torch.Tensor, args: argparse.Namespace) -> float:
    """Return the seconds for one assignment of the points and one update of the centroids."""
    centroids = points[: args.clusters]
    start = time.perf_counter()
    labels, distances = assign(points, centroids)
    update_centroids(points, labels, distances, centroids)
    return time.perf_counter() - start


def time_faiss(points: torch.Tensor, args: argparse.Namespace) -> float:
    """Return the seconds that faiss takes for the same, from the same centroids."""
    import faiss

    faiss.omp_set_num_threads(args.threads)
    kmeans = faiss.Kmeans(args.dim, args.clusters, niter=1, max_points_per_centroid=10**7)
    rows = points.numpy()
    start = time.perf_counter()
    kmeans.train(rows, init_centroids=rows[: args.clusters])
    return time.perf_counter() - start


def time_neighbours(points: torch.Tensor, batch: int = 128, nearest: int = 512) -> float:
    """Return the median seconds of 5 searches for a batch's background in local aggregation."""
    queries = F.normalize(points[:batch] + 0.1 * torch.randn(batch, points.shape[1]), dim=1)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        (queries @ points.T).topk(min(nearest, len(points)))
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def measure(args: argparse.Namespace) -> dict[str, list[float]]:
    """Return the seconds of each backend in each round."""
    backends = all_backends({'vsslbox': 'vsslbox'})
    seconds: dict[str, list[float]] = {name: [] for name in backends}
    for _ in range(args.rounds):
        for name, (only, coretype) in backends.items():
            seconds[name].append(float(run_backend(only, coretype, args, SIZES)))
    return seconds


def main() -> None:
    """Measure and print a table, or, with ``--only``, the seconds of one backend."""
    args = parse_args()
    if args.only is not None:
        torch.set_num_threads(args.threads)
        timed = time_ours if args.only == 'vsslbox' else time_faiss
        print(timed(make_points(args), args))
        return
    seconds = measure(args)
    print(
        f'one iteration of k-means, {args.points} points of {args.dim} numbers, '
        f'{args.clusters} clusters, {args.threads} thread(s), {args.rounds} round(s)'
    )
    for name, times in seconds.items():
        ratios = [other / own for other, own in zip(times, seconds['vsslbox'], strict=True)]
        print(
            f'  {name:20} {statistics.median(times):8.3f} s'
            f'   {statistics.median(ratios):5.2f} times the time of vsslbox'
        )
    torch.set_num_threads(args.threads)
    neighbours = time_neighbours(make_points(args))
    print(f'the 512 nearest points of each of a batch of 128: {neighbours:.3f} s')
    if args.json is not None:
        sizes = {name: getattr(args, name) for name in (*SIZES, 'threads')}
        figures = dict(describe_machine(), **sizes, seconds=seconds, neighbours=neighbours)
        args.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    main()
