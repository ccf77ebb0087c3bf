"""Files in the layout of SlowFast, and what its network computes from them."""

import math

import torch
import torch.nn.functional as F

__all__ = ['CHANNELS', 'below', 'layer_norm', 'slow_features', 'slowfast', 'values']

CHANNELS = 4
BLOCKS = (3, 4, 6, 3)


def layer_norm(x, weights, name, eps=1e-6):
    """Apply the norm of a name over the last dimension, by its formula."""
    centred = x - x.mean(-1, keepdim=True)
    deviation = (centred.square().mean(-1, keepdim=True) + eps).sqrt()
    return centred / deviation * weights[f'{name}.weight'] + weights[f'{name}.bias']


def values(shapes):
    """Return random tensors of the given shapes; those of one axis are around 0.6."""
    rng = torch.Generator().manual_seed(0)
    found = {}
    for name, shape in shapes.items():
        deviation = 0.2 if len(shape) == 1 else math.prod(shape[1:]) ** -0.5
        found[name] = torch.randn(shape, generator=rng) * deviation + (len(shape) == 1) * 0.6
    return found


def below(prefix, weights):
    """Return weights under longer names."""
    return {f'{prefix}{name}': weight for name, weight in weights.items()}


def slow_shapes(channels):
    """Return the names of SlowFast's Slow R50 with their shapes, and those of its norms."""
    shapes = {'s1.pathway0_stem.conv.weight': (channels, 3, 1, 7, 7)}
    norms = {'s1.pathway0_stem.bn': channels}
    size_in = channels
    for stage, count in enumerate(BLOCKS):
        width = channels * 2**stage
        for i in range(count):
            block = f's{stage + 2}.pathway0_res{i}'
            kernel_t = 3 if stage > 1 else 1
            convs = {
                'branch2.a': (width, size_in, kernel_t, 1, 1),
                'branch2.b': (width, width, 1, 3, 3),
                'branch2.c': (4 * width, width, 1, 1, 1),
            }
            if i == 0:
                convs['branch1'] = (4 * width, size_in, 1, 1, 1)
            for name, shape in convs.items():
                shapes[f'{block}.{name}.weight'] = shape
                norms[f'{block}.{name}_bn'] = shape[0]
            size_in = 4 * width
    for name, width in norms.items():
        for kind in ('weight', 'bias', 'running_mean', 'running_var'):
            shapes[f'{name}.{kind}'] = (width,)
    return shapes, norms


def slowfast(kind, channels=CHANNELS):
    """Return a file of SlowFast's contrastive pretraining."""
    shapes, norms = slow_shapes(channels)
    shapes |= {'head.projection.projection.0.weight': (8, 32 * channels)}
    if kind == 'byol':
        shapes |= {'head.predictors.0.projection.0.weight': (8, 8)}
    network = {n: w.abs() if n.endswith('var') else w for n, w in values(shapes).items()}
    network |= {f'{name}.num_batches_tracked': torch.tensor(7) for name in norms}
    file = below('backbone.', network) | {'knn_mem.memory': torch.ones(9, 1, 8)}
    if kind in ('moco', 'byol'):
        file |= below('backbone_hist.', {name: weight + 1 for name, weight in network.items()})
        file |= dict(queue_x=torch.ones(16, 8), ptr=torch.tensor([0]), iter=torch.tensor([5]))
    if kind == 'swav':
        file |= {'swav_prototypes.weight': torch.ones(10, 8)}
    return dict(epoch=199, model_state=file, optimizer_state=dict(state={}), cfg='NUM_GPUS: 8')


def slow_features(weights, x):
    """Compute the last map of the Slow R50 in a file of weights, by its names."""

    def conv(x, name, stride=(1, 1, 1)):
        kernel = weights[f'{name}.weight']
        x = F.conv3d(x, kernel, stride=stride, padding=[size // 2 for size in kernel.shape[2:]])
        name = f'{name.removesuffix(".conv")}.bn' if name.endswith('.conv') else f'{name}_bn'
        mean, var, scale, bias = (
            weights[f'{name}.{kind}'].view(-1, 1, 1, 1)
            for kind in ('running_mean', 'running_var', 'weight', 'bias')
        )
        return (x - mean) / (var + 1e-5).sqrt() * scale + bias

    x = conv(x, 's1.pathway0_stem.conv', (1, 2, 2)).relu()
    x = F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
    for stage, count in enumerate(BLOCKS):
        for i in range(count):
            block = f's{stage + 2}.pathway0_res{i}'
            stride = (1, 2, 2) if stage and i == 0 else (1, 1, 1)
            branch = conv(x, f'{block}.branch2.a').relu()
            branch = conv(branch, f'{block}.branch2.b', stride).relu()
            shortcut = conv(x, f'{block}.branch1', stride) if i == 0 else x
            x = (shortcut + conv(branch, f'{block}.branch2.c')).relu()
    return x
