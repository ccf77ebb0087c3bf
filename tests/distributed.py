"""Running a function on several processes, as training does on a machine without a GPU."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

__all__ = ['run_on_processes']


def run_on_processes(function: Callable[..., Any], num_processes: int, *args: Any) -> list:
    """Call ``function(*args)`` on gloo processes and collect what they return, by rank.

    Args:
        function: A function at the top level of a module, which returns tensors and containers.
        num_processes: The number of processes.
        args: Arguments for all of them, which can be pickled.
    """
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(_run, (num_processes, folder, function, args), nprocs=num_processes)
        return [torch.load(Path(folder) / f'{rank}.pt') for rank in range(num_processes)]


def _run(rank: int, num_processes: int, folder: str, function: Callable, args: tuple) -> None:
    torch.set_num_threads(1)
    os.environ.update(LOCAL_RANK=str(rank), RANK=str(rank), WORLD_SIZE=str(num_processes))
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/rendezvous', rank=rank, world_size=num_processes
    )
    torch.save(function(*args), Path(folder) / f'{rank}.pt')
    dist.barrier()
    dist.destroy_process_group()
