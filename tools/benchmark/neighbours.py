"""How many queries a second are searched in a gallery on disk, against faiss on the CPU.

python tools/benchmark/neighbours.py --folder FOLDER [--gallery 240000] [--dim 2048] [--k 50]

Each backend runs in a process of its own: ours with candidates in float32 and in bfloat16, faiss as
it is installed, and faiss with its OpenBLAS told which kernels to take (its own choice is wrong on
some processors). They take turns, round after round, on the same file; figures are medians over the
rounds. Where faiss is not installed (``pip install faiss-cpu``), ours is timed alone.

Besides time on the clock, time of the processor is given, which others on the machine disturb less.
Memory is what the search adds at its peak, without the pages of the gallery's file. faiss gets the
gallery already normalised; ours normalises it nonetheless. The neighbours of all are compared with
those of the first, where faiss may order alike ones otherwise, as it rounds in float32.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from vsslbox.evaluation.functional import nearest_neighbours

# name -> what runs, and the kernels that OpenBLAS is told to take
BACKENDS = {
    'vsslbox float32': ('float32', None),
    'vsslbox bfloat16': ('bfloat16', None),
    'faiss as installed': ('faiss', None),
    'faiss Haswell': ('faiss', 'Haswell'),
    'faiss SkylakeX': ('faiss', 'SkylakeX'),
}
TUNED = ('faiss Haswell', 'faiss SkylakeX')  # the faster of them is compared with
ROWS = 4096  # are made at a time


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--folder', type=Path, required=True, help='takes files of made features')
    parser.add_argument('--gallery', type=int, default=240000)
    parser.add_argument('--queries', type=int, default=2048)
    parser.add_argument('--dim', type=int, default=2048)
    parser.add_argument('--classes', type=int, default=400)
    parser.add_argument('--k', type=int, default=50)
    parser.add_argument('--threads', type=int, default=1, help='threads of each backend')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--json', type=Path, help='a file for the figures')
    parser.add_argument('--only', choices=('float32', 'bfloat16', 'faiss'), help=argparse.SUPPRESS)
    return parser.parse_args()


def make_features(args: argparse.Namespace) -> None:
    """Write unit vectors around a centre for each class; the gallery is in the classes' order."""
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
    """Search with one backend in this process, and keep the neighbours in a file."""
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
    """KiB of this process that are no mapped files."""
    status = Path('/proc/self/status').read_text()
    return int(status.split('RssAnon:')[1].split()[0])


def run_backend(only: str, coretype: str | None, args: argparse.Namespace) -> dict[str, float]:
    """Search in a process of its own."""
    threads = str(args.threads)
    env = dict(os.environ, OMP_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads)
    env.pop('OPENBLAS_CORETYPE', None)
    if coretype is not None:
        env['OPENBLAS_CORETYPE'] = coretype
    command = [sys.executable, __file__, '--only', only, '--folder', str(args.folder)]
    for name in ('dim', 'k', 'threads'):
        command += [f'--{name}', str(getattr(args, name))]
    result = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(result.stdout.splitlines()[-1])


def measure(args: argparse.Namespace) -> dict[str, dict]:
    """What each backend took in each round, and the share of neighbours that is the same."""
    backends = dict(BACKENDS)
    if importlib.util.find_spec('faiss') is None:
        print('faiss is not installed (pip install faiss-cpu): nothing to compare with')
        backends = {name: backend for name, backend in BACKENDS.items() if backend[0] != 'faiss'}
    results: dict[str, dict] = {name: dict(rounds=[]) for name in backends}
    reference = None
    for _ in range(args.rounds):
        for name, (only, coretype) in backends.items():
            results[name]['rounds'].append(run_backend(only, coretype, args))
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
        f'{args.threads} thread(s), {args.rounds} round(s); median queries a second, by the clock '
        f'and by the time of a processor'
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
        args.json.write_text(json.dumps(dict(sizes, results=results), indent=2) + '\n')


if __name__ == '__main__':
    main()
