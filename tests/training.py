"""Short trainings of demonstrations, in processes that can be killed."""

import random
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config

from tests.conftest import REPO
from tests.distributed import FORKS
from vsslbox.apis.command_line import build_runner
from vsslbox.config import replace_values

__all__ = [
    'DEMOS',
    'ITERATIONS',
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
)
_SCHEDULE = {'param_scheduler.T_max': 4, 'param_scheduler.warmup': 1}
_CLIPS = {'model.backbone.base_channels': 4, 'model.neck.in_channels': 32, **_SCHEDULE}
# Small parts: a training ends in seconds, and passes from VIE's warm-up to its clusters.
_SMALL = dict(
    vclr={
        'model.backbone.base_channels': 4,
        'model.neck.in_channels': 32,
        'model.inter.queue.size': 16,
        'model.video.queue.size': 16,
        'param_scheduler.1.T_max': 2,
        'param_scheduler.1.end': 4,
    },
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
    },
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
