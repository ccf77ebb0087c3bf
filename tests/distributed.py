"""Running a function on several processes, as training does on a machine without a GPU.

The processes are forks of a server that does nothing but import, once, so that they start at once.
"""

import multiprocessing
import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

__all__ = ['FORKS', 'free_port', 'run_on_processes']

FORKS = multiprocessing.get_context('forkserver')
FORKS.set_forkserver_preload(
    [
        'matplotlib.pyplot',  # of mmengine's visualizer
        'pytest',
        'tests.tools',
        'torch._dynamo',  # of torch's optimizers
        'vsslbox.apis.command_line',
        'vsslbox.datasets',
        'vsslbox.engine',
        'vsslbox.evaluation',
        'vsslbox.models',
        'tests.frozen',
    ]
)


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        return server.getsockname()[1]


def run_on_processes(function: Callable[..., Any], num_processes: int, *args: Any) -> list:
    """Call ``function(*args)`` on gloo processes and collect what they return, by rank.

    Args:
        function: A function at the top level of a module, which returns tensors and containers.
        num_processes: The number of processes.
        args: Arguments for all of them, which can be pickled.
    """
    with tempfile.TemporaryDirectory() as folder:
        mp.start_processes(
            _run,
            (num_processes, folder, dict(os.environ), function, args),
            nprocs=num_processes,
            start_method='forkserver',
        )
        return [torch.load(Path(folder) / f'{rank}.pt') for rank in range(num_processes)]


def _run(
    rank: int, num_processes: int, folder: str, environ: dict, function: Callable, args: tuple
) -> None:
    torch.set_num_threads(1)
    os.environ.update(environ)
    os.environ.update(LOCAL_RANK=str(rank), RANK=str(rank), WORLD_SIZE=str(num_processes))
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/rendezvous', rank=rank, world_size=num_processes
    )
    torch.save(function(*args), Path(folder) / f'{rank}.pt')
    dist.barrier()
    dist.destroy_process_group()
