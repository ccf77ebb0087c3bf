"""Sizes of a training that follow from its videos and from the machine."""

import os
from collections.abc import Iterator
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import DATASETS, DefaultScope

from vsslbox.models.memories import FeatureBank, FeatureQueue
from vsslbox.registry import MODELS

__all__ = ['fit_to_data']

KEYS_OF_A_VIDEO = 4  # in a step, at most


def fit_to_data(config: Config) -> None:
    """Set the sizes of a training that its videos and the machine determine; the log tells them.

    * A :class:`FeatureBank` gets a row for each video.
    * A :class:`FeatureQueue` holds no more keys than there are videos, if these are all of a
      folder; those of a step find room in any case. With a list the recipe's size stays, as
      published ones exceed their lists.
    * A loader has no more workers than its process has cores.

    Args:
        config: A checked config of a training.
    """
    for name in ('train_dataloader', 'val_dataloader'):
        loader, most = config.get(name) or {}, _cores_of_a_process()
        if loader.get('num_workers', 0) > most:
            _set(loader, 'num_workers', most, name, 'this process has no more cores')
    dataset = config.train_dataloader.dataset
    memories = list(_memories(config.model, 'model'))
    if not memories:
        return
    with DefaultScope.overwrite_default_scope(config.get('default_scope', 'vsslbox')):
        num_videos = len(DATASETS.build(dataset.to_dict()))
    for place, memory in memories:
        if MODELS.get(memory['type']) is FeatureBank and memory['num_videos'] != num_videos:
            _set(memory, 'num_videos', num_videos, place, 'the number of videos')
        elif 'size' in memory and not dataset.get('ann_file'):
            most = max(num_videos, _keys_of_a_step(config))
            if memory['size'] > most:
                _set(memory, 'size', most, place, f'there are {num_videos} videos')


def _memories(node: Any, place: str) -> Iterator[tuple[str, dict]]:
    """Yield the configs of banks and queues in a model's config, with their places."""
    if not isinstance(node, dict):
        return
    type_ = node.get('type')
    if isinstance(type_, str) and MODELS.get(type_) in (FeatureBank, FeatureQueue):
        yield place, node
    for name, child in node.items():
        yield from _memories(child, f'{place}.{name}')


def _keys_of_a_step(config: Config) -> int:
    """Return how many keys may wait for the end of a step, over all processes."""
    batches = int(os.environ.get('WORLD_SIZE', 1))
    batches *= (config.get('optim_wrapper') or {}).get('accumulative_counts', 1)
    return batches * config.train_dataloader.batch_size * KEYS_OF_A_VIDEO


def _cores_of_a_process() -> int:
    here = int(os.environ.get('LOCAL_WORLD_SIZE', 1))
    return max(1, len(os.sched_getaffinity(0)) // here)


def _set(node: dict, name: str, value: int, place: str, reason: str) -> None:
    print_log(f'{place}.{name} is {value} instead of {node[name]}: {reason}', 'current')
    node[name] = value
