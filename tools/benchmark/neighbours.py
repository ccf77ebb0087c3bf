"""Measure the queries per second in a gallery on disk, against faiss on the CPU.

python tools/benchmark/neighbours.py --folder FOLDER [--gallery 240000] [--dim 2048] [--k 50]

Each backend runs in a process of its own: vsslbox with candidates in float32 and in bfloat16, faiss
as installed, and faiss with a fixed choice of OpenBLAS's kernels (its own choice is wrong on some
processors). They take turns on the same file in each round. Figures are medians over the rounds. If
faiss is not installed (``pip install faiss-cpu``), only vsslbox is timed.

CPU time is given beside wall time, as other programs disturb it less. Memory is the peak that the
search adds, without the pages of the gallery's file. The gallery is normalised for faiss; vsslbox
normalises it again. The neighbours of all backends are compared with those of the first; faiss may
order near-equal ones differently, as it rounds in float32.
"""

import argparse
import json
import statistics
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from backends import all_backends, run_backend
from machine import describe_machine

from vsslbox.evaluation.functional import nearest_neighbours

OURS = {'vsslbox float32': 'float32', 'vsslbox bfloat16': 'bfloat16'}
TUNED = ('faiss Haswell', 'faiss SkylakeX')  # the faster one is the reference
ROWS = 4096  # rows drawn at a time


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument(
        '--folder', type=Path, required=True, help='folder for the synthetic features'
    )
    parser.add_argument('--gallery', type=int, default=240000)
    parser.add_argument('--queries', type=int, default=2048)
    parser.add_argument('--dim', type=int, default=2048)
    parser.add_argument('--classes', type=int, default=400)
    parser.add_argument('--k', type=int, default=50)
    parser.add_argument('--threads', type=int, default=1, help='threads of each backend')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--json', type=Path, help='file for the figures')
    parser.add_argument('--only', choices=('float32', 'bfloat16', 'faiss'), help=argparse.SUPPRESS)
    return parser.parse_args()


def make_features(args: argparse.Namespace) -> None:
    """Write unit vectors around a centre for each class; the gallery is sorted by class."""
    generator = torch.Generator().manual_seed(0)
    centers = torch.randn(args.classes, args.dim, generator=generator)
    gallery = torch.arange(args.gallery) * args.classes // args.gallery
    queries = torch.randint(args.classes, (args.queries,), generator=generator)
    for name, labels in (('gallery', gallery), ('queries', queries)):
        with open(args.folder / f'{name}.bin', 'wb') as file:
            for chunk in labels.split(ROWS):
                noise = torch.randn(len(chunk), args.dim, generator=generator)
                F.normalize(centers[chunk] + noise, dim=1).numpy().tofile(file)


def open_features(path: Path, dim: int) -> torch.Tensor:
    """Map a file of features into memory, ``[N, dim]``."""
    size = path.stat().st_size // 4
    return torch.from_file(str(path), shared=False, size=size, dtype=torch.float32).view(-1, dim)


def search(args: argparse.Namespace) -> dict[str, float]:
    """Search with one backend in this process, and write the neighbours to a file."""
    torch.set_num_threads(args.threads)
    gallery = open_features(args.folder / 'gallery.bin', args.dim)
    queries = open_features(args.folder / 'queries.bin', args.dim)
    gallery.sum()  # reads the file, so that all backends find it in memory
    if args.only == 'faiss':
        import faiss

        faiss.omp_set_num_threads(args.threads)
        rows = (queries.numpy(), gallery.numpy(), args.k)
        find = partial(faiss.knn, *rows, metric=faiss.METRIC_INNER_PRODUCT)
    else:
        find = partial(nearest_neighbours, queries, gallery, args.k, precision=args.only)
    before, peak, done = own_memory(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], own_memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    start, start_cpu = time.perf_counter(), time.process_time()
    _, indices = find()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    done.set()
    watcher.join()
    np.save(args.folder / 'indices.npy', np.asarray(indices))
    return dict(seconds=seconds, cpu_seconds=cpu_seconds, mib=max(0, peak[0] - before) / 1024)


def own_memory() -> int:
    """Return the KiB of this process that are not mapped files."""
    status = Path('/proc/self/status').read_text()
    return int(status.split('RssAnon:')[1].split()[0])


def measure(args: argparse.Namespace) -> dict[str, dict]:
    """Return the figures of each backend in each round, and the share of equal neighbours."""
    backends = all_backends(OURS)
    results: dict[str, dict] = {name: dict(rounds=[]) for name in backends}
    reference = None
    for _ in range(args.rounds):
        for name, (only, coretype) in backends.items():
            figures = json.loads(run_backend(only, coretype, args, ('folder', 'dim', 'k')))
            results[name]['rounds'].append(figures)
            indices = np.load(args.folder / 'indices.npy')
            reference = indices if reference is None else reference
            results[name]['same'] = float((indices == reference).mean())
    for result in results.values():
        for figure in ('seconds', 'cpu_seconds', 'mib'):
            result[figure] = statistics.median(one[figure] for one in result['rounds'])
    return results


def main() -> None:
    """Measure and print a table, or, with ``--only``, the figures of one backend."""
    args = parse_args()
    if args.only is not None:
        print(json.dumps(search(args)))
        return
    make_features(args)
    results = measure(args)
    print(
        f'{args.queries} queries, gallery of {args.gallery} x {args.dim}, k = {args.k}, '
        f'{args.threads} thread(s), {args.rounds} round(s); median queries per second of wall '
        'time and of CPU time'
    )
    tuned = [result for name, result in results.items() if name in TUNED]
    for name, result in results.items():
        clock = args.queries / result['seconds']
        cpu = args.queries * args.threads / result['cpu_seconds']
        line = f'  {name:20} {clock:8.1f} {cpu:8.1f}'
        if tuned:
            ratios = [min(o[f] for o in tuned) / result[f] for f in ('seconds', 'cpu_seconds')]
            line += f'   {ratios[0]:5.2f} and {ratios[1]:5.2f} times tuned faiss'
        print(f'{line}   {result["mib"]:6.0f} MiB   {100 * result["same"]:.4f} % same neighbours')
    if args.json is not None:
        names = ('gallery', 'queries', 'dim', 'classes', 'k', 'threads')
        sizes = {name: getattr(args, name) for name in names}
        figures = dict(describe_machine(), **sizes, results=results)
        args.json.write_text(json.dumps(figures, indent=2) + '\n')


if __name__ == '__main__':
    main()
