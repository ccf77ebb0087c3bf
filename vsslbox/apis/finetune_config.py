"""The config that fine-tunes the backbone of a checkpoint on labelled videos."""

import copy
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from vsslbox.apis.checkpoint_config import (
    PretrainedInput,
    middle_of,
    pretrained_input,
    runtime_config,
)
from vsslbox.datasets.transforms.steps import list_steps
from vsslbox.errors import InputError
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS

__all__ = ['KINDS', 'finetune_config']

KINDS = ('tsn', 'tsm', '3d', 'linear')
SEGMENTS = 8
# The 2D backbones that have a form with shifts in time, and that form.
SHIFTED = {'NarrowResNet': 'NarrowResNetTSM', 'mmaction.ResNet': 'mmaction.ResNetTSM'}


def finetune_config(
    checkpoint: str | PathLike,
    num_classes: int,
    *,
    kind: str | None = None,
    epochs: int = 30,
    lr: float = 3e-4,
    batch_size: int = 8,
    flip: bool = False,
) -> Config:
    """Return the config of a classifier that starts from a pretrained backbone.

    Clips have the length, rate and size of the pretraining, and the optimizer is AdamW along half a
    cosine. Validation is that of the test, after each epoch; the best checkpoint is kept. The lists
    are open: ``train_dataloader.dataset`` and ``val_dataloader.dataset`` need ``data_root``,
    ``ann_file`` and ``label``.

    Args:
        checkpoint: A checkpoint of pretraining by vsslbox: a file, or ``zoo://NAME``.
        num_classes: The number of classes.
        kind: The model: ``'tsn'`` (the mean of the scores of 8 frames), ``'tsm'`` (TSN whose
            backbone shifts features in time), ``'3d'`` (the mean of the scores of clips) or
            ``'linear'`` (either, with a frozen backbone). If None, the backbone decides.
        epochs: The length of the training.
        lr: The learning rate.
        batch_size: The videos of a step.
        flip: Whether to mirror half of the clips; not if left and right differ.

    Raises:
        InputError: As :func:`pretrained_input`; or the backbone has no such model.
    """
    seen = pretrained_input(checkpoint)
    sees_clips = seen.clip is not None
    if kind in (('tsn', 'tsm') if sees_clips else ('3d',)):
        other = "'3d'" if sees_clips else "'tsn' or 'tsm'"
        raise InputError(
            f'{checkpoint} has a backbone of {"clips" if sees_clips else "frames"}, which {kind!r} '
            f"cannot use: choose {other}, or 'linear'"
        )
    config = runtime_config(seen)
    config.model = _model(seen, checkpoint, num_classes, kind)
    config.update(_data(seen, batch_size, flip))
    config.update(_schedule(epochs, lr))
    if kind == 'linear':
        config.custom_hooks = [dict(type='FreezeBackboneHook')]
        config.find_unused_parameters = True  # of the frozen backbone, with several processes
    config.default_hooks.checkpoint = dict(
        type='CheckpointHook', interval=1, max_keep_ckpts=1, save_best='acc/top1', rule='greater'
    )
    return config


def _model(
    seen: PretrainedInput, checkpoint: str | PathLike, num_classes: int, kind: str | None
) -> dict[str, Any]:
    path = checkpoint if '://' in str(checkpoint) else str(Path(checkpoint).absolute())
    start = dict(type='vsslbox.PretrainedBackbone', checkpoint=path)
    backbone = dict(seen.backbone, init_cfg=start)
    head = dict(
        in_channels=_channels(seen),
        num_classes=num_classes,
        loss_cls=dict(type='mmaction.CrossEntropyLoss'),
        dropout_ratio=0.0 if kind == 'linear' else 0.5,
        average_clips='prob',
    )
    if kind == 'tsm':
        if backbone['type'] not in SHIFTED:
            raise InputError(
                f'TSM has no form of {backbone["type"]}, only of {", ".join(SHIFTED)}: choose '
                "'tsn' instead"
            )
        backbone.update(
            type=SHIFTED[backbone['type']], num_segments=SEGMENTS, shift_div=8, pretrained2d=False
        )
        head['num_segments'] = SEGMENTS
    shape = 'NCTHW' if seen.clip else 'NCHW'
    names = {'NCTHW': ('3D', 'I3D'), 'NCHW': ('2D', 'TSM' if kind == 'tsm' else 'TSN')}[shape]
    normal = {
        name: seen.preprocessor[name] for name in ('mean', 'std') if name in seen.preprocessor
    }
    imagenet = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])
    return dict(
        type=f'mmaction.Recognizer{names[0]}',
        data_preprocessor=dict(
            type='mmaction.ActionDataPreprocessor', format_shape=shape, **(normal or imagenet)
        ),
        backbone=backbone,
        cls_head=dict(head, type=f'mmaction.{names[1]}Head'),
    )


@torch.no_grad()
def _channels(seen: PretrainedInput) -> int:
    """Return the length of the backbone's features."""
    with DefaultScope.overwrite_default_scope('vsslbox'):
        backbone = MODELS.build(dict(seen.backbone))
    backbone.eval()  # mmaction2's does not return itself
    length = seen.clip['clip_len'] if seen.clip else 1
    return encode_clips(backbone, torch.zeros(1, 3, length, seen.size, seen.size)).shape[1]


def _data(seen: PretrainedInput, batch_size: int, flip: bool) -> dict[str, Any]:
    """Return the data loaders; the lists are open."""
    crop = dict(type='RandomResizedCrop', size=seen.size, area=(0.5, 1.0))
    noise = dict(crop=crop, flip=dict(type='RandomFlip', prob=0.5) if flip else None)
    if seen.clip:
        draw = dict(type='SampleRandomClip', **seen.clip)
        spread = dict(type='SampleUniformClips', num_clips=3, **seen.clip)
    else:
        draw = dict(type='SampleRandomSegmentFrames', num_segments=SEGMENTS)
        spread = dict(type='SampleCentreSegmentFrames', num_segments=SEGMENTS)
    pipeline = dict(
        open=dict(type='OpenVideo'),
        sample=draw,
        decode=dict(type='DecodeViews'),
        augment=dict(type='AugmentViews', transforms=noise),
        pack=dict(type='PackClips' if seen.clip else 'PackFrames'),
    )
    middle = dict(type='AugmentViews', transforms=middle_of(seen.size))
    loader = dict(num_workers=2, persistent_workers=True, collate_fn=dict(type='pseudo_collate'))
    test: dict[str, Any] = dict(
        loader,
        batch_size=batch_size,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(
            type='VideoDataset',
            pipeline=dict(pipeline, sample=spread, augment=middle),
            test_mode=True,
        ),
    )
    evaluator = dict(type='mmaction.AccMetric')
    return dict(
        train_dataloader=dict(
            loader,
            batch_size=batch_size,
            drop_last=True,
            sampler=dict(type='EpochSampler'),
            dataset=dict(type='VideoDataset', pipeline=pipeline),
        ),
        val_dataloader=test,
        val_evaluator=evaluator,
        val_cfg=dict(type='ValLoop'),
        test_dataloader=copy.deepcopy(test),
        test_pipeline=list_steps(test['dataset']['pipeline']),  # for mmaction2's inference
        test_evaluator=evaluator,
        test_cfg=dict(type='ProtocolTestLoop'),
    )


def _schedule(epochs: int, lr: float) -> dict[str, Any]:
    return dict(
        train_cfg=dict(type='ResumableTrainLoop', max_epochs=epochs, val_interval=1),
        optim_wrapper=dict(
            type='OptimWrapper', optimizer=dict(type='AdamW', lr=lr, weight_decay=1e-4)
        ),
        param_scheduler=dict(
            type='WarmupCosineLR',
            warmup=min(1, epochs / 10),
            T_max=epochs,
            convert_to_iter_based=True,
        ),
    )
