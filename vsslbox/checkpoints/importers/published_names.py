"""The names of vsslbox's tensors in the published checkpoints of other code.

Each function takes the names of a backbone's tensors and returns ``{our name: their name}`` for the
backbone and the projections. Our names are those of the whole model. Batch counters are left out.
"""

import re
from collections.abc import Iterable

from vsslbox.checkpoints.importers.tensor_bundle import VARIABLE_VALUE
from vsslbox.checkpoints.names import canonical_name, is_counter

__all__ = ['cvrl_names', 'moco_names', 'vclr_names', 'vie_names']

_VCLR_PROJECTIONS = dict(inter='fc_inter', intra='fc_intra', order='fc_order', video='fc_tsn')
_KERAS_NORM = dict(
    weight='gamma', bias='beta', running_mean='moving_mean', running_var='moving_variance'
)
# The convolutions and the norms of CVRL's block.
_CVRL_LAYERS = {
    'conv1': ('_temporal_conv', '_norm1'),
    'conv2': ('_spatial_conv', '_norm2'),
    'conv3': ('_expand_conv', '_norm3'),
    'downsample': ('_shortcut_conv', '_norm0'),
}
# The order in which the five convolutions of a stage of VIE's network are created.
_VIE_CONVS = {'0.downsample': 1, '0.conv1': 2, '0.conv2': 3, '1.conv1': 4, '1.conv2': 5}
_VIE_NORMS = {'0.bn1': 0, '0.bn2': 1, '1.bn1': 2, '1.bn2': 3}


def vclr_names(backbone: Iterable[str]) -> dict[str, str]:
    """Return the names in VCLR's files: torchvision's within DDP, and four projections."""
    names = _torchvision_names(backbone, 'module.')
    for objective, theirs in _VCLR_PROJECTIONS.items():
        names |= _linear_names(f'necks.{objective}.layers', f'module.{theirs}', ('.0', '.2'))
    return names | _linear_names('heads.order.classifier', 'module.fc_order_classifier', ('',))


def moco_names(backbone: Iterable[str]) -> dict[str, str]:
    """Return the names in MoCo-v2 files: torchvision's within DDP and MoCo, and a projection."""
    names = _torchvision_names(backbone, 'module.encoder_q.')
    return names | _linear_names('neck.layers', 'module.encoder_q.fc', ('.0', '.2'))


def cvrl_names(backbone: Iterable[str]) -> dict[str, str]:
    """Return the names in CVRL's object checkpoints: numbered layers, and no projection.

    Inferred from the authors' Keras classes; no published file was seen.
    """
    names = {}
    blocks: dict[str, int] = {}
    for name in backbone:
        if is_counter(name):
            continue
        *block, layer, kind, value = name.split('.')
        if not block:  # the stem, whose convolution and norm are layers 0 and 1
            number = 0 if kind == 'conv' else 1
            parts = [_keras_value(kind, value)]
        else:
            number = blocks.setdefault('.'.join(block), len(blocks) + 2)
            parts = [_CVRL_LAYERS[layer][kind == 'bn'], _keras_value(kind, value)]
        theirs = '/'.join(['backbone', f'layer_with_weights-{number}', *parts])
        names[f'backbone.{name}'] = theirs + VARIABLE_VALUE
    return names


def vie_names(backbone: Iterable[str]) -> dict[str, str]:
    """Return the names in VIE's checkpoints: layers numbered by creation, and an embedding.

    The numbers are inferred from the order of calls in the authors' code; no published file was
    seen.
    """
    names = {}
    for name in backbone:
        if not is_counter(name):
            layer, _, value = name.rpartition('.')
            names[f'backbone.{name}'] = f'resnet_model/{_vie_layer(layer, value)}'
    names['neck.layers.0.weight'] = 'resnet_model/dense/kernel'
    names['neck.layers.0.bias'] = 'resnet_model/dense/bias'
    return names


def _vie_layer(layer: str, value: str) -> str:
    stage = re.fullmatch(r'layer(\d)\.(.+)', layer)
    index, place = (int(stage[1]) - 1, stage[2]) if stage else (0, layer)
    if place == 'conv1' or place in _VIE_CONVS:
        return f'{_numbered("conv3d", 5 * index + _VIE_CONVS.get(place, 0))}/kernel'
    number = 16 if place == 'bn' else 4 * index + _VIE_NORMS[place]
    return f'{_numbered("batch_normalization", number)}/{_KERAS_NORM[value]}'


def _numbered(name: str, number: int) -> str:
    return f'{name}_{number}' if number else name


def _keras_value(kind: str, value: str) -> str:
    return _KERAS_NORM[value] if kind == 'bn' else 'kernel'


def _torchvision_names(backbone: Iterable[str], prefix: str) -> dict[str, str]:
    return {f'backbone.{n}': prefix + canonical_name(n) for n in backbone if not is_counter(n)}


def _linear_names(ours: str, theirs: str, layers: Iterable[str]) -> dict[str, str]:
    return {
        f'{ours}{layer}.{value}': f'{theirs}{layer}.{value}'
        for layer in layers
        for value in ('weight', 'bias')
    }
