"""Randomness that does not depend on where a run was resumed."""

import random

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from vsslbox.registry import HOOKS

__all__ = ['IterationSeedHook']


@HOOKS.register_module()
class IterationSeedHook(Hook):
    """Seed every iteration from the run's seed, the process and the iteration's number.

    What the main process draws (dropout, the permutations of ShuffleBN, noise) then does not depend
    on earlier draws, and a resumed run continues exactly like one that was never stopped, without
    any random state in the checkpoint. A sample draws from its own key
    (:class:`vsslbox.structures.SampleKey`). The runner adds this hook to every training.
    """

    priority = 'VERY_HIGH'

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Seed torch (all devices), NumPy and Python."""
        entropy = np.random.SeedSequence((runner.seed, runner.rank, runner.iter))
        seed = int(entropy.generate_state(1)[0])
        torch.manual_seed(seed)
        np.random.seed(seed)
        random.seed(seed)
