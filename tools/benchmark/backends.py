"""The backends of a benchmark against faiss, each in a process of its own."""

import argparse
import importlib.util
import os
import subprocess
import sys

__all__ = ['all_backends', 'run_backend']

# OpenBLAS's kernels for faiss; its own choice is wrong on some processors.
FAISS = {'faiss as installed': None, 'faiss Haswell': 'Haswell', 'faiss SkylakeX': 'SkylakeX'}


def all_backends(ours: dict[str, str]) -> dict[str, tuple[str, str | None]]:
    """Return the value of ``--only`` and OpenBLAS's kernels for each backend, by name.

    Args:
        ours: The values of ``--only`` for vsslbox. faiss is left out if it is not installed.
    """
    backends = {name: (only, None) for name, only in ours.items()}
    if importlib.util.find_spec('faiss') is None:
        print('faiss is not installed (pip install faiss-cpu): nothing to compare with')
        return backends
    return backends | {name: ('faiss', coretype) for name, coretype in FAISS.items()}


def run_backend(
    only: str, coretype: str | None, args: argparse.Namespace, options: tuple[str, ...]
) -> str:
    """Run this program again with ``--only``, and return the last line that it prints."""
    threads = str(args.threads)
    env = dict(os.environ, OMP_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads)
    env.pop('OPENBLAS_CORETYPE', None)
    if coretype is not None:
        env['OPENBLAS_CORETYPE'] = coretype
    command = [sys.executable, sys.argv[0], '--only', only]
    for name in ('threads', *options):
        command += [f'--{name}', str(getattr(args, name))]
    result = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return result.stdout.splitlines()[-1]
