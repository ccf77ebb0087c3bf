"""Short trainings of demonstrations, in processes that can be killed."""

import random
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config

from tests.conftest import REPO
from tests.distributed import FORKS
from vsslbox.apis.command_line import build_runner
from vsslbox.config import replace_values

__all__ = [
    'DEMOS',
    'ITERATIONS',
    'METHODS',
    'assert_same',
    'assert_same_end',
    'demo_config',
    'start',
    'train_and_draw',
]

ITERATIONS = 8  # of the whole training: four epochs of two batches
DEMOS = dict(
    vclr='vclr_r18w16_1xb32-3seg-64px.py',
    cvrl='cvrl_r3d18w16_1xb32-8x3-64px.py',
    vdim='vdim_r21dw8_1xb32-32f-64px.py',
    videomae='videomae_vit-96_1xb16-8x3-64px.py',
    vjepa2='vjepa2_vit-96_1xb16-16x2-64px.py',
    vie='vie-3dresnet_r18w16_1xb32-8x3-64px.py',
    **{
        method: f'{method}_r3d18w16_1xb32-2x8x3-64px.py'
        for method in ('rho-moco', 'rho-byol', 'rho-simclr', 'rho-swav')
    },
    infonce='infonce_s3dw16_1xb32-16x2-64px.py',
    dpc='dpc_r18-2d3dw16_1xb32-6x4x2-64px.py',
    seco='seco_r18w16_1xb32-64px.py',
    moco='moco_r18w16_1xb32-64px.py',
    vince='vince_r18w16_1xb32-3f-64px.py',
    pace='pace_r3d18w16_1xb32-8f-64px.py',
    vcop='vcop_r3d18w16_1xb16-3x8f-64px.py',
    rotnet3d='rotnet3d_r3d18w16_1xb8-8x3-64px.py',
    **{'shuffle-and-learn': 'shuffle-and-learn_r18w16_1xb32-3f-64px.py'},
)
# For parameters of tests: those that share their class with another method count as full.
_ALIKE = ('rho-simclr', 'vince', 'pace', 'vcop', 'shuffle-and-learn')
METHODS = [pytest.param(m, marks=[pytest.mark.full] * (m in _ALIKE), id=m) for m in DEMOS]
_SCHEDULE = {'param_scheduler.T_max': 4, 'param_scheduler.warmup': 1}
_CLIPS = {'model.backbone.base_channels': 4, 'model.neck.in_channels': 32, **_SCHEDULE}
_FRAMES = {
    'model.backbone.base_channels': 4,
    'model.neck.in_channels': 32,
    'param_scheduler.1.T_max': 2,
    'param_scheduler.1.end': 4,
}
_PRETEXT = {'model.backbone.base_channels': 4, 'model.head.in_channels': 32, **_SCHEDULE}
_SAMPLE = 'train_dataloader.dataset.pipeline.sample'
# Small parts: a training ends in seconds, and passes from VIE's warm-up to its clusters.
_SMALL = dict(
    vclr={'model.inter.queue.size': 16, 'model.video.queue.size': 16, **_FRAMES},
    cvrl=_CLIPS,
    vdim={
        'model.backbone.base_channels': 2,
        'model.backbone.extra_blocks': 0,
        'model.neck.in_channels': 16,
        **_SCHEDULE,
    },
    videomae={
        'model.backbone.embed_dims': 24,
        'model.backbone.depth': 1,
        'model.decoder.depth': 1,
        **_SCHEDULE,
    },
    vjepa2={
        'model.backbone.embed_dims': 24,
        'model.backbone.depth': 1,
        'model.predictor.in_channels': 24,
        'model.predictor.depth': 1,
        **_SCHEDULE,
    },
    vie={
        'model.backbone.base_channels': 4,
        'model.neck.in_channels': 32,
        'model.bank.num_videos': 8,
        'model.warmup_steps': 3,
        'model.warmup_loss.num_noise': 8,
        'model.loss.background_size': 4,
        'custom_hooks.0.num_clusters': 4,
        **_SCHEDULE,
    },
    **{
        'rho-moco': {'model.head.queue.size': 16, **_CLIPS},
        'rho-byol': _CLIPS,
        'rho-simclr': _CLIPS,
        'rho-swav': {'model.num_prototypes': 4, 'model.frozen_steps': 3, **_CLIPS},
        'shuffle-and-learn': {f'{_SAMPLE}.span': 8, f'{_SAMPLE}.offset': 4, **_PRETEXT},
    },
    infonce={
        'model.backbone.width': 0.0625,
        'model.neck.in_channels': 64,
        'model.head.queue.size': 16,
        f'{_SAMPLE}.frame_interval': 1,
        **_SCHEDULE,
    },
    dpc={
        'model.backbone.base_channels': 4,
        'model.prediction.channels': 16,
        f'{_SAMPLE}.frame_interval': 1,
        **_SCHEDULE,
    },
    seco={'model.inter.queue.size': 16, **_FRAMES},
    moco={'model.head.queue.size': 16, **_FRAMES},
    vince={'model.head.queue.size': 16, **_FRAMES},
    pace={f'{_SAMPLE}.paces': (1, 2), **_PRETEXT},
    vcop={f'{_SAMPLE}.clip_len': 4, f'{_SAMPLE}.gap': 2, **_PRETEXT},
    rotnet3d={**_PRETEXT, 'model.backbone.base_channels': 8, 'model.head.in_channels': 64},
)
# Saves after every iteration, and now and then by the clock too.
_SAVING = {
    'default_hooks.checkpoint.by_epoch': False,
    'default_hooks.checkpoint.interval': 1,
    'default_hooks.checkpoint.max_keep_ckpts': 3,
    'default_hooks.recent_checkpoint': dict(type='RecentCheckpointHook', minutes=0.02),
}


def demo_config(
    method: str, videos: Path, work_dir: Path, num_processes: int = 1, **options: Any
) -> Config:
    """Return the config of a method's demonstration, small, with a global batch of four videos.

    Args:
        method: A key of ``DEMOS``.
        videos: A folder of eight videos.
        work_dir: The work directory.
        num_processes: Over how many processes the batch is split.
        options: Changes by their places, with ``__`` instead of dots.
    """
    config = Config.fromfile(REPO / 'configs' / 'demo' / DEMOS[method])
    values = {
        'train_dataloader.dataset.data_root': str(videos),
        'train_dataloader.batch_size': 4 // num_processes,
        'train_dataloader.num_workers': 0,
        'train_dataloader.persistent_workers': False,
        'train_cfg.max_epochs': 4,
        **_SMALL[method],
        **_SAVING,
        **{place.replace('__', '.'): value for place, value in options.items()},
    }
    replace_values(config, values)
    config.work_dir = str(work_dir)
    config.log_level = 'ERROR'
    config.randomness = dict(seed=0)
    return config


def train_and_draw(config: Config) -> None:
    """Train, then write what the generators draw next into ``draws.pth``."""
    torch.set_num_threads(1)
    build_runner(config).train()
    draws = dict(torch=torch.rand(8), numpy=np.random.rand(8).tolist(), python=random.random())
    torch.save(draws, Path(config.work_dir) / 'draws.pth')


def start(function: Callable, *args: Any) -> BaseProcess:
    """Start a function in a process of its own."""
    process = FORKS.Process(target=function, args=args)
    process.start()
    return process


def assert_same(ours: Any, other: Any, place: str = '') -> None:
    """Assert that two nested values are equal, bit for bit."""
    assert type(ours) is type(other), place
    if isinstance(ours, dict):
        assert ours.keys() == other.keys(), place
        for key in ours:
            assert_same(ours[key], other[key], f'{place}/{key}')
    elif isinstance(ours, torch.Tensor):
        assert ours.dtype == other.dtype, place
        assert torch.equal(ours, other), place
    elif isinstance(ours, list | tuple):
        assert len(ours) == len(other), place
        for index, pair in enumerate(zip(ours, other, strict=True)):
            assert_same(*pair, f'{place}/{index}')
    else:
        assert ours == other, place


def assert_same_end(work_dir: Path, other: Path) -> None:
    """Assert that two trainings ended with the same state of everything, bit for bit."""
    ours, others = (
        torch.load(folder / f'iter_{ITERATIONS}.pth', weights_only=True)
        for folder in (work_dir, other)
    )
    for part in ('state_dict', 'optimizer', 'param_schedulers'):
        assert_same(ours[part], others[part], part)
    assert ours['meta']['iter'] == others['meta']['iter'] == ITERATIONS
