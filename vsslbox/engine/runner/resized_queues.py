"""Queues of a checkpoint whose size follows from other videos or another batch size."""

import logging
from collections.abc import Mapping, MutableMapping

from mmengine.logging import print_log
from torch import Tensor, nn

from vsslbox.models.memories import FeatureQueue

__all__ = ['resize_queues']


def resize_queues(model: nn.Module, checkpoint: Mapping) -> None:
    """Let a checkpoint fill queues of another size; the log tells which.

    Args:
        model: The model of the run.
        checkpoint: The content of a file; its queues get the sizes of the model's.
    """
    weights: MutableMapping[str, Tensor] = checkpoint.get('state_dict', {})
    for name, queue in model.named_modules():
        rows, pointer = f'{name}.features', f'{name}.pointer'
        if not isinstance(queue, FeatureQueue) or not {rows, pointer} <= weights.keys():
            continue
        saved = weights[rows]
        if saved.shape[1:] == queue.features.shape[1:] and len(saved) != queue.size:
            weights[rows], weights[pointer] = queue.resized(saved, int(weights[pointer]))
            print_log(
                f'{name} holds {queue.size} keys, that of the checkpoint {len(saved)}: '
                f'the newest {min(queue.size, len(saved))} are kept',
                'current',
                logging.WARNING,
            )
