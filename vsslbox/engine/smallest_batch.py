"""Batches too small for a model to learn from."""

from torch import nn
from torch.utils.data import DataLoader

from vsslbox.errors import InputError

__all__ = ['check_smallest_batch']


def check_smallest_batch(loader: DataLoader, model: nn.Module, num_processes: int) -> None:
    """Refuse batches of one video for a model that compares the videos of a batch.

    These are models with a BatchNorm1d, whose statistics would be those of one vector, and losses
    that mark themselves by ``needs_negatives``: their negatives are the other videos of the batch.

    Args:
        loader: The loader of the training.
        model: The model, in training mode.
        num_processes: The processes, which share negatives but no statistics.

    Raises:
        InputError: There is such a batch, at the end of an epoch at the latest.
    """
    if loader.batch_size is None:
        return
    last = 0 if loader.drop_last else len(loader.sampler) % loader.batch_size
    if 1 not in (loader.batch_size, last):
        return
    for name, module in model.named_modules():
        if isinstance(module, nn.BatchNorm1d) and module.training:
            reason = f'`{name}`, a {type(module).__name__}, has no statistics of one vector'
        elif getattr(module, 'needs_negatives', False) and num_processes == 1:
            reason = f'`{name}`, a {type(module).__name__}, has no negatives'
        else:
            continue
        if loader.batch_size == 1:
            raise InputError(
                f'a batch has one video, in which {reason}: raise `train_dataloader.batch_size`'
            )
        raise InputError(
            f'the last batch of an epoch ({len(loader.sampler)} videos in batches of '
            f'{loader.batch_size}) has one video, in which {reason}: set '
            '`train_dataloader.drop_last=True` or another `train_dataloader.batch_size`'
        )
