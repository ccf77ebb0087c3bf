"""A VCLR of a few thousand parameters, and samples for it without videos."""

import torch
from mmaction.structures import ActionDataSample
from torch.utils.data import Dataset

from vsslbox.registry import DATASETS, MODELS
from vsslbox.structures import SampleKey

__all__ = ['TinyViews', 'tiny_vclr', 'tiny_vclr_cfg', 'views_and_samples']

GROUP_NORM = dict(type='GN', num_groups=2, requires_grad=True)


def tiny_vclr_cfg(norm_cfg=None, queue_size=48, **kwargs):
    """Return the config of a VCLR with a 4-channel ResNet-18, with GroupNorm by default."""
    queue = dict(type='FeatureQueue', size=queue_size, channels=8)
    contrast = dict(type='QueueContrastHead', queue=queue, loss=dict(type='InfoNCELoss'))
    return dict(
        type='vsslbox.VCLR',
        data_preprocessor=dict(type='ViewsPreprocessor'),
        **{
            'backbone': dict(
                type='NarrowResNet', depth=18, base_channels=4, norm_cfg=norm_cfg or GROUP_NORM
            ),
            'neck': dict(type='MLPNeck', in_channels=32, hidden_channels=16, out_channels=8),
            'inter': contrast,
            'intra': dict(type='IntraVideoLoss'),
            'video': contrast,
            'order': dict(type='TemporalOrderHead', in_channels=8),
            'momentum': 0.9,
            **kwargs,
        },
    )


def tiny_vclr(**kwargs):
    """Build the model of :func:`tiny_vclr_cfg`."""
    model = MODELS.build(tiny_vclr_cfg(**kwargs))
    model.init_weights()
    return model


def views_and_samples(generator, batch_size, num_segments=3, size=24, dtype=torch.float32):
    """Draw normalised views and data samples like those of the pipeline."""

    def noise(*shape):
        return torch.randn(*shape, generator=generator, dtype=dtype)

    views = [noise(batch_size, 3, frames, size, size) for frames in (num_segments,) * 2 + (1,)]
    samples = [ActionDataSample(metainfo=dict(index=index)) for index in range(batch_size)]
    for sample in samples:
        order = torch.arange(num_segments).roll(1)
        outer = torch.randint(2, (), generator=generator) * (num_segments - 1)
        label = torch.randint(4, (), generator=generator)
        forward = torch.arange(num_segments)
        orders = [order if label in shown else forward for shown in ((1, 3), (2, 3))]
        sample.set_data(dict(query_segment=outer, order_label=label, orders=torch.stack(orders)))
    return views, samples


@DATASETS.register_module()
class TinyViews(Dataset):
    """Samples of random uint8 views, which depend only on their key."""

    def __init__(self, num_samples=24, size=24):
        self.num_samples = num_samples
        self.size = size

    def __len__(self):
        return self.num_samples

    def __getitem__(self, key):
        key = key if isinstance(key, SampleKey) else SampleKey(key)
        seed = int(key.rng().integers(2**31))
        views, (sample,) = views_and_samples(torch.Generator().manual_seed(seed), 1, size=self.size)
        sample.set_metainfo(dict(index=key.index, attributes={}, bad_videos=[]))
        inputs = [((view[0] + 3) * 40).clamp(0, 255).to(torch.uint8) for view in views]
        return dict(inputs=inputs, data_samples=sample)
