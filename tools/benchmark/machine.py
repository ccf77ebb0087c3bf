"""The machine that figures come from."""

import os
from pathlib import Path

import torch

__all__ = ['describe_machine']


def describe_machine() -> dict[str, str | int]:
    """Return the processor, the number of cores that may be used, and torch's version."""
    lines = Path('/proc/cpuinfo').read_text().splitlines()
    names = [line.partition(': ')[2] for line in lines if line.startswith('model name')]
    cores = len(os.sched_getaffinity(0))
    return dict(processor=names[0] if names else 'unknown', cores=cores, torch=torch.__version__)
