"""Watching a pretraining by clips of videos, during training."""

from abc import abstractmethod

import torch
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch import Tensor
from torch.utils.data import DataLoader

from vsslbox.engine.steady_batches import steady_batches
from vsslbox.errors import InputError
from vsslbox.utils import unwrap_model

__all__ = ['MonitorLoop']


class MonitorLoop(BaseLoop):
    """Embed clips of validation videos and measure the embeddings, as the validation of a training.

    Training does not change by it: neither weights nor statistics nor random states.

    Args:
        runner: The runner.
        dataloader: The videos, a data loader or its config; each view of a sample is a clip. The
            sampler is :class:`EpochSampler` with ``shuffle=False``.
        evaluator: Empty. The engine requires one for every validation.

    Raises:
        InputError: An evaluator is given.
    """

    def __init__(
        self, runner: Runner, dataloader: DataLoader | dict, evaluator: list | tuple = ()
    ) -> None:
        super().__init__(runner, dataloader)
        if evaluator:
            raise InputError(
                f'{type(self).__name__} computes its accuracy itself: set `val_evaluator = []`'
            )
        self.model = unwrap_model(runner.model)

    @abstractmethod
    def embed(self, clips: Tensor) -> Tensor:
        """Embed clips ``[N, C, T, H, W]``: ``[N, D]``."""

    @abstractmethod
    def measure(self, indices: list[int], embeddings: Tensor) -> dict[str, float]:
        """Measure the embeddings of this process's videos.

        Args:
            indices: The places of N videos in the list; a video may occur twice.
            embeddings: ``[N, V, D]`` for V clips a video.

        Returns:
            The values by name, the same on every process.
        """

    def run(self) -> dict[str, float]:
        """Measure the model as it is now."""
        self.runner.call_hook('before_val')
        self.runner.call_hook('before_val_epoch')
        training = self.model.training
        self.model.eval()
        indices, embeddings = [], []
        with torch.random.fork_rng(devices=[]):  # a data loader draws a seed for its workers
            for batch_idx, batch in steady_batches(self.dataloader):
                self.runner.call_hook('before_val_iter', batch_idx=batch_idx, data_batch=batch)
                indices += [sample.get('index') for sample in batch['data_samples']]
                embeddings.append(self._embed_batch(batch))
                self.runner.call_hook('after_val_iter', batch_idx=batch_idx, data_batch=batch)
        self.model.train(training)
        values = self.measure(indices, torch.cat(embeddings))
        self.runner.call_hook('after_val_epoch', metrics=values)
        self.runner.call_hook('after_val')
        return values

    @torch.no_grad()
    def _embed_batch(self, batch: dict) -> Tensor:
        batch = self.model.data_preprocessor(batch, training=False)
        return torch.stack([self.embed(clips) for clips in batch['inputs']], dim=1)

    def tell_missing(self, name: str, found: int, expected: int) -> None:
        """Warn that a value is of fewer videos than the list has."""
        if found < expected:
            self.runner.logger.warning(
                f'{name} is of {found} of {expected} videos: the others cannot be read'
            )
