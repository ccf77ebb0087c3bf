"""Names of weights: one canonical form for the ways in which checkpoints call the same tensor.

The canonical form is torchvision's, without what wraps the network: ``layer1.0.conv1.weight``,
``layer1.0.bn1.weight``, ``layer1.0.downsample.0.weight``.

========== ==============================================  ========================================
source     in the file                                     what is different
========== ==============================================  ========================================
mmaction2  ``backbone.layer1.0.conv1.bn.weight``           convolution and norm share a module
TSM        ``backbone.layer1.0.conv1.conv.net.weight``     shifted convolutions are wrapped
MoCo       ``module.encoder_q.layer1.0.bn1.weight``        prefixes of DDP and of the query encoder
VCLR       ``module.layer1.0.bn1.weight``                  prefix of DDP
========== ==============================================  ========================================
"""

import re
from collections.abc import Iterable

__all__ = ['canonical_name', 'describe', 'is_counter', 'resnet_depth']

_WRAPPERS = re.compile(r'^(module\.|encoder_q\.|backbone\.)+')
_RULES = (
    (re.compile(r'\.net\.'), '.'),
    (re.compile(r'\bconv(\d*)\.conv\.'), r'conv\1.'),
    (re.compile(r'\bconv(\d*)\.bn\.'), r'bn\1.'),
    (re.compile(r'\bdownsample\.conv\.'), 'downsample.0.'),
    (re.compile(r'\bdownsample\.bn\.'), 'downsample.1.'),
)
_RESIDUAL_CONV = re.compile(r'layer\d+\.\d+\.conv\d+\.weight')


def canonical_name(name: str) -> str:
    """The name of a tensor without wrappers, as torchvision would call it."""
    name = _WRAPPERS.sub('', name)
    for pattern, replacement in _RULES:
        name = pattern.sub(replacement, name)
    return name


def is_counter(name: str) -> bool:
    """Whether a tensor only counts batches: nothing needs it, and older checkpoints lack it."""
    return name.endswith('num_batches_tracked')


def resnet_depth(names: Iterable[str]) -> int | None:
    """The layers of a ResNet, as in its name (ResNet-50), or None if these are not of a ResNet."""
    convs = {name for name in map(canonical_name, names) if _RESIDUAL_CONV.fullmatch(name)}
    return len(convs) + 2 if convs else None  # and the stem and the classifier


def describe(names: Iterable[str]) -> str:
    """A guess in a few words at what wrote a checkpoint with these names of tensors."""
    names = list(names)
    depth = resnet_depth(names)
    backbone = f', backbone ResNet-{depth}' if depth else ''
    signs = (
        (r'(module\.)?encoder_q\.', 'a MoCo checkpoint'),
        (r'(module\.)?fc_(inter|intra|order)\b', 'a VCLR checkpoint'),
        (r'(module\.)?backbone\.', 'a model of vsslbox or mmaction2'),
        (r'.*\bconv\d*\.conv\.', 'a backbone of vsslbox or mmaction2'),
        (r'(module\.)?layer1\.0\.conv1\.weight', 'a torchvision checkpoint'),
    )
    for pattern, source in signs:
        if any(re.match(pattern, name) for name in names):
            return f'looks like {source}{backbone}'
    return f'its naming is unknown; it begins with {", ".join(names[:3]) or "nothing"}'
