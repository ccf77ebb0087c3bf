"""How long one iteration of k-means takes, against faiss on the CPU, and a batch's neighbours.

python tools/benchmark/kmeans.py [--points 240000] [--clusters 8000] [--dim 128] [--json FILE]

Each backend runs in a process of its own: ours, faiss as it is installed, and faiss with its
OpenBLAS told which kernels to take (its own choice is wrong on some processors). They take turns,
round after round; figures are medians over the rounds, and ratios those of the same round. Where
faiss is not installed (``pip install faiss-cpu``), ours is timed alone.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from vsslbox.models.utils.kmeans import assign, update_centroids

# name -> what runs, and the kernels that OpenBLAS is told to take
BACKENDS = {
    'vsslbox': ('vsslbox', None),
    'faiss as installed': ('faiss', None),
    'faiss Haswell': ('faiss', 'Haswell'),
    'faiss SkylakeX': ('faiss', 'SkylakeX'),
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--points', type=int, default=240000)
    parser.add_argument('--clusters', type=int, default=8000)
    parser.add_argument('--dim', type=int, default=128)
    parser.add_argument('--threads', type=int, default=1, help='threads of each backend')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--json', type=Path, help='a file for the figures')
    parser.add_argument('--only', choices=('vsslbox', 'faiss'), help=argparse.SUPPRESS)
    return parser.parse_args()


def make_points(args: argparse.Namespace) -> torch.Tensor:
    """Unit vectors around as many centres as there are clusters."""
    generator = torch.Generator().manual_seed(0)
    centers = torch.randn(args.clusters, args.dim, generator=generator)
    chosen = torch.randint(args.clusters, (args.points,), generator=generator)
    noise = torch.randn(args.points, args.dim, generator=generator)
    return F.normalize(centers[chosen] + noise, dim=1)


def time_ours(points: torch.Tensor, args: argparse.Namespace) -> float:
    """Seconds for assigning the points and moving the centroids once."""
    centroids = points[: args.clusters]
    start = time.perf_counter()
    labels, distances = assign(points, centroids)
    update_centroids(points, labels, distances, centroids)
    return time.perf_counter() - start


def time_faiss(points: torch.Tensor, args: argparse.Namespace) -> float:
    """Seconds for the same by faiss, from the same centroids."""
    import faiss

    faiss.omp_set_num_threads(args.threads)
    kmeans = faiss.Kmeans(args.dim, args.clusters, niter=1, max_points_per_centroid=10**7)
    rows = points.numpy()
    start = time.perf_counter()
    kmeans.train(rows, init_centroids=rows[: args.clusters])
    return time.perf_counter() - start


def time_neighbours(points: torch.Tensor, batch: int = 128, nearest: int = 512) -> float:
    """Seconds, the median of 5, for the background of a batch in local aggregation."""
    queries = F.normalize(points[:batch] + 0.1 * torch.randn(batch, points.shape[1]), dim=1)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        (queries @ points.T).topk(min(nearest, len(points)))
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def run_backend(only: str, coretype: str | None, args: argparse.Namespace) -> float:
    """Time a backend in a process of its own."""
    threads = str(args.threads)
    env = dict(os.environ, OMP_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads)
    if coretype is not None:
        env['OPENBLAS_CORETYPE'] = coretype
    command = [sys.executable, __file__, '--only', only, '--threads', threads]
    for name in ('points', 'clusters', 'dim'):
        command += [f'--{name}', str(getattr(args, name))]
    result = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return float(result.stdout.split()[-1])


def measure(args: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds of each backend in each round."""
    backends = dict(BACKENDS)
    if importlib.util.find_spec('faiss') is None:
        print('faiss is not installed (pip install faiss-cpu): nothing to compare with')
        backends = {'vsslbox': BACKENDS['vsslbox']}
    seconds: dict[str, list[float]] = {name: [] for name in backends}
    for _ in range(args.rounds):
        for name, (only, coretype) in backends.items():
            seconds[name].append(run_backend(only, coretype, args))
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
        sizes = {name: getattr(args, name) for name in ('points', 'clusters', 'dim', 'threads')}
        args.json.write_text(
            json.dumps(dict(sizes, seconds=seconds, neighbours=neighbours), indent=2) + '\n'
        )


if __name__ == '__main__':
    main()
