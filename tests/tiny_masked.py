"""A VideoMAE of a few thousand parameters, and samples for it without videos."""

import numpy as np
import torch
from mmaction.structures import ActionDataSample

from vsslbox.datasets.transforms import MaskRunningCells, MaskTubes

__all__ = ['DECODER', 'GRID', 'VIT', 'masked_samples', 'tiny_video_mae_cfg']

GRID = (4, 2, 4)
VIT = dict(
    type='VideoViT',
    embed_dims=16,
    depth=2,
    num_heads=2,
    img_size=(8, 16),
    num_frames=8,
    patch_size=4,
    qkv_bias='no_key',
)
DECODER = dict(type='PixelDecoder', embed_dims=8, depth=1, num_heads=2, out_channels=3 * 2 * 4 * 4)


def tiny_video_mae_cfg(**kwargs):
    """Return the config of a VideoMAE for clips of 8 frames of 8x16 pixels."""
    loss = dict(type='MaskedPixelLoss')
    return dict(dict(type='VideoMAE', backbone=VIT, decoder=DECODER, loss=loss), **kwargs)


def masked_samples(generator, batch_size, running_cells=False, dtype=torch.float32):
    """Draw a normalised view and data samples like those of the pipeline."""
    clips = torch.randn(batch_size, 3, 8, 8, 16, generator=generator, dtype=dtype)
    rng = np.random.default_rng(int(torch.randint(2**31, (), generator=generator)))
    steps = [MaskTubes(GRID, ratio=0.75), MaskRunningCells(GRID)][: 1 + running_cells]
    samples = []
    for _ in range(batch_size):
        results = dict(rng=rng)
        for step in steps:
            step(results)
        samples.append(ActionDataSample())
        for name, target in results['targets'].items():
            samples[-1].set_field(torch.from_numpy(target), name)
    return [clips], samples
