"""A validation by nearest neighbours for any config of pretraining."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import takewhile
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope

from vsslbox.apis.checkpoint_config import input_of_config, middle_of
from vsslbox.datasets.transforms.steps import list_steps
from vsslbox.errors import InputError
from vsslbox.preparation.text_files import only_csv

__all__ = ['add_knn_monitor']


def add_knn_monitor(
    config: Config, every: int, labels: Sequence[str] = (), max_videos: int = 256
) -> None:
    """Let a pretraining measure nearest neighbours of its features; see ``KNNMonitorLoop``.

    It takes training videos, evenly spread over the list, and of each two clips or six single
    frames, as the backbone sees them, without noise.

    Args:
        config: A checked config of pretraining; it gets ``val_cfg`` and so on.
        every: The epochs between two measurements.
        labels: Columns to predict too, of the training list or, where training takes all videos of
            a folder, of the only CSV in it.
        max_videos: The number of videos.

    Raises:
        InputError: The config validates already, or is not one of pretraining.
    """
    if every < 1:
        raise InputError(f'the epochs between two measurements must be positive, got {every}')
    if config.get('val_cfg'):
        raise InputError(
            f'the config validates already, by {config.val_cfg.get("type", "mmengine")}: leave out '
            '--knn-every, or remove that validation by --cfg-options val_cfg=None '
            'val_dataloader=None val_evaluator=None'
        )
    seen = input_of_config(config, 'the config')
    loader = config.train_dataloader
    clips = dict(num_clips=2, **seen.clip) if seen.clip else dict(num_clips=6, clip_len=1)
    steps = list_steps(loader.dataset.pipeline)
    before = takewhile(lambda step: not _samples(step), steps)
    pipeline = [
        *deepcopy(list(before)),
        dict(type='SampleUniformClips', **clips),
        dict(type='DecodeViews'),
        dict(type='AugmentViews', transforms=middle_of(seen.size)),
        dict(type='PackViews'),
    ]
    dataset = loader.dataset.to_dict() | dict(pipeline=pipeline)
    if labels and not dataset.get('ann_file'):
        dataset['ann_file'] = str(only_csv(Path(dataset['data_root'])).absolute())
    with DefaultScope.overwrite_default_scope(config.get('default_scope', 'vsslbox')):
        num_videos = len(DATASETS.build(deepcopy(dataset)))
    if num_videos > max_videos:
        dataset['indices'] = [n * num_videos // max_videos for n in range(max_videos)]
    config.val_dataloader = dict(
        batch_size=min(16, loader.batch_size),
        num_workers=loader.get('num_workers', 0),
        sampler=dict(type='EpochSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        dataset=dataset,
    )
    config.val_evaluator = []
    config.val_cfg = dict(type='KNNMonitorLoop', labels=list(labels))
    config.train_cfg.update(val_begin=every, val_interval=every)


def _samples(step: dict | Callable) -> bool:
    return isinstance(step, dict) and step['type'].startswith('Sample')
