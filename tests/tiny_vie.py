"""A VIE of a few thousand parameters, and clips for it without videos."""

import hashlib

import torch
from mmaction.structures import ActionDataSample
from torch.utils.data import Dataset

from tests.tiny import GROUP_NORM
from vsslbox.registry import DATASETS, MODELS
from vsslbox.structures import SampleKey

__all__ = ['TinyClips', 'clips_and_samples', 'tiny_vie', 'tiny_vie_cfg']

RECOGNITION = dict(type='InstanceRecognitionLoss', num_noise=8)
AGGREGATION = dict(type='LocalAggregationLoss', background_size=8)


def tiny_vie_cfg(num_videos=24, num_clusterings=1, **kwargs):
    """Return the config of a VIE with a 4-channel ResNet-18 on frames, with LA by default."""
    return dict(
        type='vsslbox.VIE',
        data_preprocessor=dict(type='ViewsPreprocessor'),
        neck=dict(type='MLPNeck', in_channels=32, out_channels=8, num_layers=1),
        bank=dict(
            type='FeatureBank', num_videos=num_videos, channels=8, num_clusterings=num_clusterings
        ),
        **{
            'backbone': dict(type='NarrowResNet', depth=18, base_channels=4, norm_cfg=GROUP_NORM),
            'loss': AGGREGATION,
            **kwargs,
        },
    )


def tiny_vie(**kwargs):
    """Build the model of :func:`tiny_vie_cfg`."""
    model = MODELS.build(tiny_vie_cfg(**kwargs))
    model.init_weights()
    return model


def clips_and_samples(generator, indices, num_frames=1, size=24, dtype=torch.float32):
    """Draw normalised clips and data samples like those of the pipeline."""
    shape = (len(indices), 3, num_frames, size, size)
    clips = torch.randn(shape, generator=generator, dtype=dtype)
    samples = [ActionDataSample(metainfo=dict(index=index)) for index in indices]
    return [clips], samples


@DATASETS.register_module()
class TinyClips(Dataset):
    """A random uint8 clip for each video, which depends only on its key."""

    def __init__(self, num_samples=24, folder='some'):
        self.num_samples = num_samples
        self.folder = folder

    def __len__(self):
        return self.num_samples

    def __getitem__(self, key):
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        generator = torch.Generator().manual_seed(int(key.rng().integers(2**31)))
        (clips,), (sample,) = clips_and_samples(generator, [key.index])
        sample.set_metainfo(dict(attributes={}, bad_videos=[]))
        inputs = [((clips[0] + 3) * 40).clamp(0, 255).to(torch.uint8)]
        return dict(inputs=inputs, data_samples=sample)

    def list_hash(self):
        return hashlib.sha256(f'{self.folder} {self.num_samples}'.encode()).hexdigest()
