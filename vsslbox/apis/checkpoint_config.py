"""What a checkpoint of training says about itself: its config, and how to compute its features."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from os import PathLike
from typing import Any

from mmengine.config import Config

from vsslbox.checkpoints import load_checkpoint
from vsslbox.checkpoints.zoo import zoo_config
from vsslbox.config import find_config, read_stored_config
from vsslbox.datasets.transforms import SampleEndToEndFrames
from vsslbox.datasets.transforms.steps import Steps, list_steps
from vsslbox.errors import InputError
from vsslbox.models.extractors import FeatureExtractor
from vsslbox.models.selfsup import BaseSelfSupervisor
from vsslbox.registry import MODELS, TRANSFORMS
from vsslbox.utils import ROOT

__all__ = [
    'PretrainedInput',
    'evaluation_config',
    'feature_config',
    'input_of_config',
    'middle_of',
    'pretrained_input',
    'runtime_config',
    'trained_config',
    'without_start_weights',
]

OTHERWISE = 'name the config of a protocol instead (--config)'


def trained_config(checkpoint: str | PathLike, config: str | PathLike | None = None) -> Config:
    """Return the config that a checkpoint was trained with.

    Weights that other code published hold none: theirs is the config that the model zoo names for
    ``zoo://NAME``, or the given one. Of a classifier it has ``test_pipeline``, the steps of its
    test as a list, for ``mmaction.apis.inference_recognizer``.

    Args:
        checkpoint: A file, or ``zoo://NAME``.
        config: The config of a checkpoint that holds none, such as ``configs/foreign/NAME.py``.

    Raises:
        InputError: The checkpoint holds no config and none is given; or one with code.
    """
    meta = load_checkpoint(checkpoint, 'meta').get('meta')
    text = meta.get('cfg') if isinstance(meta, Mapping) else None
    file = config or (None if text else zoo_config(checkpoint))
    if file is not None:
        found = Config.fromfile(find_config(str(file)))
    elif text:
        found = read_stored_config(text, str(checkpoint))
    else:
        raise InputError(f'{checkpoint} does not say with which config it was trained: {OTHERWISE}')
    if loader := found.get('test_dataloader'):
        found.setdefault('test_pipeline', list_steps(loader.dataset.get('pipeline', [])))
    return found


@dataclass(frozen=True)
class PretrainedInput:
    """What a pretraining says about its backbone and what that sees.

    Attributes:
        backbone: The config of the backbone whose features evaluate the method, without weights.
        preprocessor: The config of the preprocessor that normalises views.
        size: The side of a view in pixels.
        clip: ``clip_len`` and ``frame_interval`` of its clips; None if it sees single frames.
        custom_imports: The modules that register what the config names, as in the config.
    """

    backbone: dict[str, Any]
    preprocessor: dict[str, Any]
    size: int
    clip: dict[str, int] | None
    custom_imports: dict | None


def pretrained_input(
    checkpoint: str | PathLike, config: str | PathLike | None = None
) -> PretrainedInput:
    """Return what a checkpoint of pretraining says about its backbone.

    Args:
        checkpoint: A file, or ``zoo://NAME``.
        config: As for :func:`trained_config`.

    Raises:
        InputError: The checkpoint does not tell, or is not one of pretraining.
    """
    return input_of_config(trained_config(checkpoint, config), checkpoint)


def input_of_config(config: Config, source: str | PathLike) -> PretrainedInput:
    """Return what a config of pretraining, or of published weights, says about its backbone.

    Args:
        config: The config: of a method, or of a ``FeatureExtractor`` with the pipeline of its test.
        source: Its name, or the checkpoint's that has it, for messages.

    Raises:
        InputError: The config does not tell, or is not one of pretraining.
    """
    method = MODELS.get(config.model.type)
    if method is FeatureExtractor and 'backbone' in config.model and 'test_dataloader' in config:
        backbone, loader = config.model.backbone, config.test_dataloader
    elif inspect.isclass(method) and issubclass(method, BaseSelfSupervisor):
        backbone, loader = method.feature_backbone(config.model), config.train_dataloader
    else:
        raise InputError(
            f'{source} is a {config.model.type}, not a pretraining by vsslbox: {OTHERWISE}'
        )
    pipeline = _configs(loader.dataset.pipeline)
    return PretrainedInput(
        backbone=without_start_weights(backbone),
        preprocessor=config.model.get('data_preprocessor') or dict(type='ViewsPreprocessor'),
        size=_crop_size(pipeline, source),
        clip=_clip(pipeline, source),
        custom_imports=config.get('custom_imports'),
    )


def feature_config(
    checkpoint: str | PathLike,
    num_clips: int = 3,
    num_frames: int = 10,
    config: str | PathLike | None = None,
) -> Config:
    """Return the config that computes the features of a pretraining's backbone.

    It has the backbone of the pretraining, its normalisation and, without noise, its views: clips
    of the same length and rate whose features are averaged, or single frames. The short side is 8/7
    of the pretraining's crop, and its centre is taken, as the field does (256 and 224 pixels).

    Args:
        checkpoint: A checkpoint of pretraining: a file, or ``zoo://NAME``.
        num_clips: The clips of a video, for a backbone that sees clips.
        num_frames: The frames of a video, for a backbone that sees frames.
        config: As for :func:`trained_config`.

    Returns:
        A config with ``model``, ``test_dataloader`` (of all videos of a folder ``data_root``) and
        the runtime's defaults.

    Raises:
        InputError: As :func:`pretrained_input`.
    """
    seen = pretrained_input(checkpoint, config)
    features = runtime_config(seen)
    features.model = dict(
        type='FeatureExtractor', backbone=seen.backbone, data_preprocessor=seen.preprocessor
    )
    if seen.clip:
        sample = dict(type='SampleUniformClips', num_clips=num_clips, **seen.clip)
    else:
        sample = dict(type='SampleEndToEndFrames', num_frames=num_frames)
    features.test_dataloader = dict(
        batch_size=8,
        num_workers=2,
        sampler=dict(type='DefaultSampler', shuffle=False),
        collate_fn=dict(type='default_collate'),
        dataset=dict(
            type='VideoDataset',
            data_root='',
            pipeline=dict(
                open=dict(type='OpenVideo'),
                sample=sample,
                decode=dict(type='DecodeViews'),
                augment=dict(type='AugmentViews', transforms=middle_of(seen.size)),
                pack=dict(type='PackViews'),
            ),
            test_mode=True,
        ),
    )
    return features


def evaluation_config(
    checkpoint: str | PathLike,
    data_root: str | PathLike,
    ann_file: str | PathLike = '',
    queries: Sequence[str] = (),
    gallery: Sequence[str] = (),
) -> Config:
    """Return the config that evaluates the features of a pretraining's backbone.

    Args:
        checkpoint: As for :func:`feature_config`, which says what the features are.
        data_root: The folder of the videos.
        ann_file: The list of videos, relative to it; all of the folder without one.
        queries: The values of the list's column ``split`` whose videos are queries. Without them
            every video is a query, and all others are its gallery.
        gallery: The values whose videos are the gallery.

    Raises:
        InputError: As :func:`pretrained_input`.
    """
    config = feature_config(checkpoint)
    config.test_dataloader.dataset.update(data_root=str(data_root), ann_file=str(ann_file))
    config.test_cfg = dict(type='GalleryTestLoop', protocol='features of the pretraining')
    config.test_evaluator = []
    if queries:
        config.test_cfg.gallery_dataloader = deepcopy(config.test_dataloader)
        config.test_cfg.gallery_dataloader.dataset.where = dict(split=list(gallery))
        config.test_dataloader.dataset.where = dict(split=list(queries))
    return Config(config.to_dict())  # it is that of no file


def runtime_config(seen: PretrainedInput) -> Config:
    """Return the defaults of the runtime, and the modules that a pretraining imports."""
    config = Config.fromfile(ROOT / 'configs' / '_base_' / 'default_runtime.py')
    if seen.custom_imports:
        config.custom_imports = seen.custom_imports
    return config


def middle_of(size: int) -> dict[str, dict]:
    """Return the transforms that take the middle of a frame, scaled to 8/7 of the size."""
    return dict(
        resize=dict(type='Resize', short_side=round(size * 8 / 7)),
        crop=dict(type='CenterCrop', size=size),
    )


def without_start_weights(model: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a model's config without the weights that its parts started from."""
    return {
        name: without_start_weights(value) if isinstance(value, Mapping) else value
        for name, value in model.items()
        if name != 'init_cfg'
    }


def _clip(pipeline: list[dict], checkpoint: str | PathLike) -> dict[str, int] | None:
    """Return the length and rate of the training's clips, or None for single frames."""
    for step in pipeline:
        if step['type'].startswith('Sample'):
            drawn = TRANSFORMS.build(dict(step))
            drawn = getattr(drawn, 'samplers', [drawn])[0]  # of SampleTogether
            single = hasattr(drawn, 'num_segments') or isinstance(drawn, SampleEndToEndFrames)
            clip_len = getattr(drawn, 'clip_len', 1 if single else None)
            if clip_len is not None:
                interval = getattr(drawn, 'frame_interval', 1)
                return dict(clip_len=clip_len, frame_interval=interval) if clip_len > 1 else None
    raise InputError(f'{checkpoint} does not say which clips its backbone sees: {OTHERWISE}')


def _crop_size(pipeline: list[dict], checkpoint: str | PathLike) -> int:
    """Return the side of the training's crop in pixels."""
    for transform in _transforms(pipeline):
        if 'Crop' in transform['type'] and isinstance(transform.get('size'), int):
            return transform['size']
    raise InputError(f'{checkpoint} does not say which size its backbone sees: {OTHERWISE}')


def _configs(steps: Steps) -> list[dict]:
    """Return the steps that are configs, not built."""
    return [step for step in list_steps(steps) if isinstance(step, dict)]


def _transforms(pipeline: list[dict]) -> Iterator[dict]:
    """Yield the augmentations of a pipeline."""
    for step in pipeline:
        if step['type'] == 'AugmentViews':
            yield from _configs(step['transforms'])
