"""The tools that evaluate features, called in this process on small labelled videos."""

import csv
import runpy
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from mmengine.config import Config

from tests.conftest import REPO, write_video
from vsslbox.registry import MODELS

__all__ = ['CONFIG', 'TINY', 'call', 'save_tiny_checkpoint', 'tiny_model', 'write_labelled_videos']

CONFIG = REPO / 'configs' / 'demo' / 'retrieval_r18w16_64px.py'
LOADERS = ('test_dataloader', 'test_cfg.gallery_dataloader')
TINY = [
    'log_level=ERROR',
    'model.backbone.base_channels=4',
    *(f'{loader}.batch_size=2' for loader in LOADERS),
    *(f'{loader}.num_workers=0' for loader in LOADERS),
    *(f'{loader}.dataset.pipeline.sample.num_frames=3' for loader in LOADERS),
]


def call(tool, *arguments, options=TINY):
    """Run a tool of ``tools/`` with the options above, as a command line would."""
    command = [tool, *map(str, arguments), '--cfg-options', *options]
    with patch.object(sys, 'argv', command):
        runpy.run_path(str(REPO / 'tools' / tool), run_name='__main__')


def tiny_model(**kwargs):
    """The model of the config with the options above."""
    cfg = Config.fromfile(CONFIG).model
    cfg.backbone.base_channels = 4
    return MODELS.build({**cfg, **kwargs}).eval()


def save_tiny_checkpoint(path, seed=0):
    """Write a checkpoint of random weights."""
    torch.manual_seed(seed)
    torch.save(dict(state_dict=tiny_model().state_dict()), path)
    return path


def write_labelled_videos(folder: Path, num_test=5, num_train=8):
    """Videos of stripes: ``appearance`` is their direction, ``motion`` whether they move."""
    rows = []
    for number in range(num_test + num_train):
        split = 'test' if number < num_test else 'train'
        appearance, motion = number % 2, number // 2 % 2
        rng = np.random.default_rng(number)
        ramp = np.arange(64) + rng.integers(12) + motion * 3 * np.arange(12)[:, None]
        stripes = np.broadcast_to(128 + 100 * np.sign(np.sin(ramp / 2)), (64, 12, 64))
        stripes = stripes.transpose((1, 0, 2) if appearance else (1, 2, 0))[..., None]
        frames = stripes + rng.normal(0, 60, (12, 64, 64, 3))
        write_video(folder / f'{number:02}.mp4', frames.clip(0, 255).astype(np.uint8))
        rows.append((f'{number:02}.mp4', split, appearance, motion, 2 * appearance + motion))
    with open(folder / 'videos.csv', 'w', newline='') as file:
        csv.writer(file).writerows([('path', 'split', 'appearance', 'motion', 'joint'), *rows])
    return folder
