"""Names of weights: one canonical form for the different names of the same tensor in checkpoints.

The canonical form is torchvision's, without the prefixes of wrappers: ``layer1.0.conv1.weight``,
``layer1.0.bn1.weight``, ``layer1.0.downsample.0.weight``.

========== ==============================================  ========================================
source     in the file                                     difference
========== ==============================================  ========================================
mmaction2  ``backbone.layer1.0.conv1.bn.weight``           convolution and norm share a module
mmaction2  ``backbone.blocks.0.mlp.layers.0.0.weight``     transformers: ``mlp.fc1``, ``mlp.fc2``
TSM        ``backbone.layer1.0.conv1.conv.net.weight``     shifted convolutions are wrapped
MoCo       ``module.encoder_q.layer1.0.bn1.weight``        prefixes of DDP and of the query encoder
VCLR       ``module.layer1.0.bn1.weight``                  prefix of DDP
compiled   ``_orig_mod.backbone.layer1.0.bn1.weight``      prefix of ``torch.compile``
DINO       ``teacher.backbone.layer1.0.bn1.weight``        prefix of one of two networks
========== ==============================================  ========================================
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from torch import Tensor

__all__ = [
    'canonical_name',
    'describe',
    'filling_prefixes',
    'is_counter',
    'resnet_depth',
    'transformer_size',
    'unwrapped_name',
]

# What distributed training and torch.compile put around a model, or around a part of it.
_WRAPPERS = re.compile(r'^(module\.|_orig_mod\.)+|(?<=\.)_orig_mod\.')
# What models call the one network whose weights are asked for.
_NETWORKS = re.compile(r'^((module|encoder_q|backbone|encoder|model|student|teacher)\.)+')
_RULES = (
    (re.compile(r'\.net\.'), '.'),
    (re.compile(r'\bconv(\d*)\.conv\.'), r'conv\1.'),
    (re.compile(r'\bconv(\d*)\.bn\.'), r'bn\1.'),
    (re.compile(r'\bdownsample\.conv\.'), 'downsample.0.'),
    (re.compile(r'\bdownsample\.bn\.'), 'downsample.1.'),
    (re.compile(r'\bpatch_embed\.projection\.'), 'patch_embed.proj.'),
    (re.compile(r'\bmlp\.layers\.0\.0\.'), 'mlp.fc1.'),
    (re.compile(r'\bmlp\.layers\.1\.'), 'mlp.fc2.'),
)
# Transformers by the width of a token, at first, and the number of blocks.
_TRANSFORMERS = {
    (96, 16): 'MViT-S',
    (144, 48): 'MViT-L',
    (192, 12): 'ViT-Ti',
    (384, 12): 'ViT-S',
    (768, 12): 'ViT-B',
    (1024, 24): 'ViT-L',
    (1280, 32): 'ViT-H',
    (1408, 40): 'ViT-g',
    (1664, 48): 'ViT-G',
}
_RESIDUAL_CONV = re.compile(r'layer\d+\.\d+\.conv\d+\.weight')


def canonical_name(name: str) -> str:
    """Return torchvision's name of a tensor, without wrappers and the name of the network."""
    name = _NETWORKS.sub('', unwrapped_name(name))
    for pattern, replacement in _RULES:
        name = pattern.sub(replacement, name)
    return name


def unwrapped_name(name: str) -> str:
    """Return the name of a tensor in the model that was wrapped (DDP) or compiled."""
    return _WRAPPERS.sub('', name)


def filling_prefixes(names: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """Return the prefixes below which a checkpoint has each wanted tensor exactly once, sorted.

    Args:
        names: The names in the checkpoint.
        wanted: The canonical names of the tensors, without counters.
    """
    wanted = set(wanted)
    found: Counter[str] = Counter()
    for name in names:
        words = name.split('.')
        for depth in range(1, len(words)):
            if canonical_name('.'.join(words[depth:])) in wanted:
                found['.'.join([*words[:depth], ''])] += 1
    prefixes = sorted(prefix for prefix, count in found.items() if count == len(wanted))
    # Of `teacher.` and `teacher.backbone.`, both of which fill, the first says enough.
    return [p for p in prefixes if not any(p != q and p.startswith(q) for q in prefixes)]


def is_counter(name: str) -> bool:
    """Return whether a tensor only counts batches, which nothing needs and old checkpoints lack."""
    return name.endswith('num_batches_tracked')


def resnet_depth(names: Iterable[str]) -> int | None:
    """Return the depth of a ResNet (50 for ResNet-50), or None if the names are not of a ResNet."""
    convs = {name for name in map(canonical_name, names) if _RESIDUAL_CONV.fullmatch(name)}
    return len(convs) + 2 if convs else None  # plus the stem and the classifier


def transformer_size(weights: Mapping[str, Tensor]) -> str | None:
    """Return the name and the sizes of a transformer, or None if the weights are of none."""
    shapes = {canonical_name(name): weight.shape for name, weight in weights.items()}
    blocks = [name for name in shapes if re.fullmatch(r'blocks\.\d+\.norm1\.weight', name)]
    if not blocks or 'patch_embed.proj.weight' not in shapes:
        return None
    width, *_, patch = shapes['patch_embed.proj.weight']
    name = _TRANSFORMERS.get((width, len(blocks)), 'a transformer')
    return f'{name} (width {width}, {len(blocks)} blocks, patches of {patch} pixels)'


def describe(names: Iterable[str]) -> str:
    """Guess in a few words which code wrote a checkpoint with these names of tensors."""
    names = list(map(unwrapped_name, names))
    depth = resnet_depth(names)
    backbone = f', backbone ResNet-{depth}' if depth else ''
    signs = (
        (r'encoder_q\.', 'a MoCo checkpoint'),
        (r'fc_(inter|intra|order)\b', 'a VCLR checkpoint'),
        (r'backbone\.', 'a model of vsslbox or mmaction2'),
        (r'.*\bconv\d*\.conv\.', 'a backbone of vsslbox or mmaction2'),
        (r'layer1\.0\.conv1\.weight', 'a torchvision checkpoint'),
        (r'(module\.)?stem\.0\.weight', 'a torchvision checkpoint of a video network'),
    )
    for pattern, source in signs:
        if any(re.match(pattern, name) for name in names):
            return f'looks like {source}{backbone}'
    return f'its naming is unknown; it begins with {", ".join(names[:3]) or "nothing"}'
