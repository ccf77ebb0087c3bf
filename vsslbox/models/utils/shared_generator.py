"""Random draws that all processes of a step share."""

import torch
from mmengine.dist import broadcast

__all__ = ['shared_generator']


def shared_generator() -> torch.Generator:
    """Return a new generator on the CPU that is in the same state on all processes.

    Its seed is drawn from torch's default generator on the first process. In training the runner
    seeds that one in every iteration, so that a resumed run draws the same.
    """
    seed = torch.randint(2**62, ())
    broadcast(seed, src=0)
    return torch.Generator().manual_seed(int(seed))
