"""Names of weights: one canonical form for the different names of the same tensor in checkpoints.

The canonical form is torchvision's, without the prefixes of wrappers: ``layer1.0.conv1.weight``,
``layer1.0.bn1.weight``, ``layer1.0.downsample.0.weight``.

========== ==============================================  ========================================
source     in the file                                     difference
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
    """Return torchvision's name of a tensor, without wrappers."""
    name = _WRAPPERS.sub('', name)
    for pattern, replacement in _RULES:
        name = pattern.sub(replacement, name)
    return name


def is_counter(name: str) -> bool:
    """Return whether a tensor only counts batches, which nothing needs and old checkpoints lack."""
    return name.endswith('num_batches_tracked')


def resnet_depth(names: Iterable[str]) -> int | None:
    """Return the depth of a ResNet (50 for ResNet-50), or None if the names are not of a ResNet."""
    convs = {name for name in map(canonical_name, names) if _RESIDUAL_CONV.fullmatch(name)}
    return len(convs) + 2 if convs else None  # plus the stem and the classifier


def describe(names: Iterable[str]) -> str:
    """Guess in a few words which code wrote a checkpoint with these names of tensors."""
    names = list(names)
    depth = resnet_depth(names)
    backbone = f', backbone ResNet-{depth}' if depth else ''
    signs = (
        (r'(module\.)?encoder_q\.', 'a MoCo checkpoint'),
        (r'(module\.)?fc_(inter|intra|order)\b', 'a VCLR checkpoint'),
        (r'(module\.)?backbone\.', 'a model of vsslbox or mmaction2'),
        (r'.*\bconv\d*\.conv\.', 'a backbone of vsslbox or mmaction2'),
        (r'(module\.)?layer1\.0\.conv1\.weight', 'a torchvision checkpoint'),
        (r'(module\.)?stem\.0\.weight', 'a torchvision checkpoint of a video network'),
    )
    for pattern, source in signs:
        if any(re.match(pattern, name) for name in names):
            return f'looks like {source}{backbone}'
    return f'its naming is unknown; it begins with {", ".join(names[:3]) or "nothing"}'
