"""Training that can be resumed within an epoch."""

from mmengine.optim import OptimWrapperDict
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from vsslbox.engine.finite_losses import finite_gradients, finite_losses, sample_names
from vsslbox.engine.steady_batches import steady_batches
from vsslbox.errors import InputError
from vsslbox.registry import LOOPS

__all__ = ['ResumableTrainLoop']


@LOOPS.register_module()
class ResumableTrainLoop(EpochBasedTrainLoop):
    """mmengine's loop over epochs; a run resumed within an epoch continues at the next batch.

    To save within epochs, use ``CheckpointHook(by_epoch=False, interval=N)``. The sampler,
    :class:`EpochSampler`, skips the samples that are done, so that nothing is decoded twice. Dead
    workers of the loader are replaced. A loss or a gradient that is NaN or infinite stops the run,
    whatever the model; see :func:`finite_losses` and :func:`finite_gradients`.

    Args:
        runner: The runner.
        dataloader: The data loader or its config.
        max_epochs: The number of epochs to train.
        val_begin: The first epoch after which to validate.
        val_interval: Epochs between two validations.
        dynamic_intervals: Pairs of an epoch and the interval that holds from it on.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        max_epochs: int,
        val_begin: int = 1,
        val_interval: int = 1,
        dynamic_intervals: list[tuple[int, int]] | None = None,
    ) -> None:
        super().__init__(runner, dataloader, max_epochs, val_begin, val_interval, dynamic_intervals)
        # How many samples of this epoch were seen beyond those of its done batches, after a change
        # of the batch size or of the number of processes within it.
        self.shift = 0
        self._samples: list = []  # the names of those whose gradients wait for the next step
        if len(self.dataloader) == 0:
            raise InputError(
                f'the data set has {len(self.dataloader.dataset)} videos, fewer than one batch of '
                f'{self.dataloader.batch_size} on each process: add videos, or lower the batch by '
                '--cfg-options train_dataloader.batch_size=N'
            )

    def run_epoch(self) -> None:
        """Train on the remaining batches of this epoch."""
        done = self._done_batches()
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        for batch_idx, data_batch in steady_batches(self.dataloader, done, self.shift):
            self.run_iter(batch_idx, data_batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
        self.shift = 0

    def run_iter(self, idx: int, data_batch: dict) -> None:
        """Train on a batch if its loss and gradients are finite."""
        model, optim_wrapper = self.runner.model, self.runner.optim_wrapper
        self._samples += sample_names(data_batch)
        with (
            finite_losses(model, data_batch),
            finite_gradients(optim_wrapper, model, self._samples),
        ):
            super().run_iter(idx, data_batch)
        if isinstance(optim_wrapper, OptimWrapperDict) or optim_wrapper.should_update():
            self._samples = []

    def _done_batches(self) -> int:
        """Return how many batches of this epoch were done before the run was resumed."""
        done = self._iter - self._epoch * len(self.dataloader)
        if 0 <= done <= len(self.dataloader):
            return done
        self.runner.logger.warning(
            f'iteration {self._iter} does not lie in epoch {self._epoch} of {len(self.dataloader)} '
            'batches: the batch size or the data set changed since the checkpoint. The epoch '
            'starts from its first batch'
        )
        self._iter, self.shift = self._epoch * len(self.dataloader), 0
        return 0
