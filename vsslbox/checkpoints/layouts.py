"""How other code lays out the files of its weights, so that every tensor of them is accounted for.

A layout says by which names a file is recognised, which of its networks is the backbone, what the
tensors of that are called here, and which other tensors the file may hold. A tensor of a recognised
file that is none of these is refused.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vsslbox.checkpoints.names import canonical_name, is_counter, unwrapped_name

__all__ = ['POOLED_NORM', 'ArrangedWeights', 'Layout', 'arrange']

POOLED_NORM = 'the norm of the pooled features'

Weights = dict[str, Tensor]
Rename = Callable[[str], str]


@dataclass(frozen=True)
class Layout:
    """The layout of one project's files.

    Names are those without the wrappers of DDP and ``torch.compile``.

    Attributes:
        name: The project, for messages.
        signs: Patterns; a file is recognised if each of them is the whole name of a tensor.
        networks: What the names of each network in a file begin with, and what it is. The first
            one that a file has fills a backbone.
        rename: Returns our name of a tensor of the network, which is without that beginning.
        convert: Returns the network's tensors in our form, by our names.
        unused: Patterns of the whole names of other tensors, and what these are.
        parts: For a model with all of these parts: what the names of a part begin with in the file,
            and in the model. Then the file fills the whole model.
    """

    name: str
    signs: tuple[str, ...]
    networks: Mapping[str, str] = field(default_factory=lambda: {'': 'the network'})
    rename: Rename = str
    convert: Callable[[Weights], Weights] = dict
    unused: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass
class ArrangedWeights:
    """The tensors of a file of a known layout.

    Attributes:
        layout: The layout.
        weights: The tensors of the chosen network by our names, and those of no network.
        skipped: The names of the tensors of other networks, and what these are.
    """

    layout: Layout
    weights: Weights
    skipped: dict[str, str]
    _names: dict[str, str]

    def account(self, unused: list[str]) -> tuple[dict[str, list[str]], dict[str, str]]:
        """Say what the tensors are that fill nothing.

        Args:
            unused: Those of ``weights`` that fill nothing.

        Returns:
            Their names in the file and the skipped ones by what they are, and those that no file
            of this layout has: their names in the file by canonical ones.
        """
        known: dict[str, list[str]] = {}
        unknown = {}
        for name in unused:
            full_name = self._names.get(name, name)
            signs = (n for n in self.layout.unused if re.fullmatch(n, unwrapped_name(full_name)))
            if sign := next(signs, None):
                known.setdefault(self.layout.unused[sign], []).append(full_name)
            elif not is_counter(name):
                unknown[canonical_name(name)] = full_name
        for name, what in self.skipped.items():
            known.setdefault(what, []).append(name)
        return known, unknown


def arrange(
    weights: Mapping[str, Tensor], prefix: str | None = None, parts: Collection[str] = ()
) -> ArrangedWeights | None:
    """Return the tensors of a file that other code wrote, or None if its layout is not known.

    Args:
        weights: The tensors of the file by name.
        prefix: The beginning of the names of another network than the layout's first one.
        parts: The names of the parts of the module that is to be filled.
    """
    plain = {unwrapped_name(name): name for name in weights}
    layouts = (one for one in LAYOUTS if _has_layout(plain, one.signs))
    layout = next(layouts, None)
    if layout is None or len(plain) < len(weights):  # several networks
        return None
    begins = _begins(layout, plain, prefix, parts)
    skipped, ours = {}, {}
    for name, full_name in plain.items():
        begin = next((one for one in begins if name.startswith(one)), None)
        others = (one for one in layout.networks if one and name.startswith(one))
        if begin is None and (other := next(others, None)):
            skipped[full_name] = layout.networks[other]
            continue
        rest = layout.rename(unwrapped_name(name.removeprefix(begin or '')))
        our_name = begins.get(begin or '', '') + rest
        ours[name if our_name in ours else our_name] = full_name
    tensors = layout.convert({name: weights[full_name] for name, full_name in ours.items()})
    return ArrangedWeights(layout, tensors, skipped, ours)


def _has_layout(names: Collection[str], signs: Collection[str]) -> bool:
    return all(any(re.fullmatch(sign, name) for name in names) for sign in signs)


def _begins(
    layout: Layout, names: Collection[str], prefix: str | None, parts: Collection[str]
) -> dict[str, str]:
    """Return what the names of each network in use begin with in the file, and in the module."""
    if prefix is not None:
        return {unwrapped_name(prefix): ''}
    wanted = {begin.rstrip('.') for begin in layout.parts.values()}
    if wanted and wanted <= set(parts):
        return dict(layout.parts)
    present = (begin for begin in layout.networks if any(n.startswith(begin) for n in names))
    return {next(present, ''): ''}


def _by_rules(*rules: tuple[str, str]) -> Rename:
    """Return a function that applies replacements of patterns, in order."""
    compiled = [(re.compile(pattern), replacement) for pattern, replacement in rules]

    def rename(name: str) -> str:
        for pattern, replacement in compiled:
            name = pattern.sub(replacement, name)
        return name

    return rename


_SLOWFAST_PARTS = {
    'conv': 'conv1.conv',  # of the stem
    'bn': 'conv1.bn',
    'branch1': 'downsample.conv',
    'branch1_bn': 'downsample.bn',
    **{f'branch2.{x}': f'conv{number}.conv' for number, x in enumerate('abc', 1)},
    **{f'branch2.{x}_bn': f'conv{number}.bn' for number, x in enumerate('abc', 1)},
}
_SLOWFAST_NAME = re.compile(r's(\d)\.pathway0_(?:stem|res(\d+))\.(.+)\.(\w+)')


def _slowfast_name(name: str) -> str:
    """Return mmaction2's name for a tensor of SlowFast's ``Slow`` network: stage 2 is its first."""
    found = _SLOWFAST_NAME.fullmatch(name)
    if not found or found[3] not in _SLOWFAST_PARTS:
        return name
    block = '' if found[2] is None else f'layer{int(found[1]) - 1}.{found[2]}.'
    return f'{block}{_SLOWFAST_PARTS[found[3]]}.{found[4]}'


def _joined_qkv(weights: Weights) -> Weights:
    """Join separate queries, keys and values; without a bias of keys the others stay apart."""
    weights = dict(weights)
    for name in [n for n in weights if n.endswith('.attn.query.weight')]:
        attn = name.removesuffix('query.weight')
        for kind in ('weight', 'bias'):
            parts = [f'{attn}{part}.{kind}' for part in ('query', 'key', 'value')]
            if all(part in weights for part in parts):
                weights[f'{attn}qkv.{kind}'] = torch.cat([weights.pop(part) for part in parts])
        for part in ('query', 'value'):
            if f'{attn}{part}.bias' in weights and f'{attn}{part[0]}_bias' not in weights:
                weights[f'{attn}{part[0]}_bias'] = weights.pop(f'{attn}{part}.bias')
    return weights


def _without_key_bias(weights: Weights) -> Weights:
    """Split the bias of queries, keys and values where a mask in the file removes that of keys."""
    weights = dict(weights)
    for name in [n for n in weights if n.endswith('.attn.qkv.bias_mask')]:
        attn = name.removesuffix('qkv.bias_mask')
        query, key, value = weights[name].chunk(3)
        if f'{attn}qkv.bias' in weights and query.all() and value.all() and not key.any():
            del weights[name]
            query, _, value = weights.pop(f'{attn}qkv.bias').chunk(3)
            weights |= {f'{attn}q_bias': query, f'{attn}v_bias': value}
    return weights


_SEPARATE_QKV = tuple(
    (rf'^(blocks\.\d+\.attn)\.{name[0]}\.', rf'\1.{name}.') for name in ('query', 'key', 'value')
)
# mmaction2's names for the parts of a block of TimeSformer.
_TIMESFORMER_PARTS = {
    'temporal_norm1': 'attentions.0.norm',
    'temporal_attn.qkv': 'attentions.0.attn.in_proj',
    'temporal_attn.proj': 'attentions.0.attn.out_proj',
    'temporal_fc': 'attentions.0.temporal_fc',
    'norm1': 'attentions.1.norm',
    'attn.qkv': 'attentions.1.attn.in_proj',
    'attn.proj': 'attentions.1.attn.out_proj',
    'norm2': 'ffns.0.norm',
    'mlp.fc1': 'ffns.0.layers.0.0',
    'mlp.fc2': 'ffns.0.layers.1',
}


def _timesformer_name(name: str) -> str:
    """Return mmaction2's name for a tensor of TimeSformer with divided attention."""
    found = re.fullmatch(r'blocks\.(\d+)\.(.+)\.(\w+)', name)
    if not found or found[2] not in _TIMESFORMER_PARTS:
        return name
    end = f'_{found[3]}' if found[2].endswith('qkv') else f'.{found[3]}'
    return f'transformer_layers.layers.{found[1]}.{_TIMESFORMER_PARTS[found[2]]}{end}'


_TRANSFORMER = r'blocks\.\d+\.attn\.qkv\.weight'
_CLASSIFIER = {r'(head|classifier|cls_head)\..*': 'the classifier'}
_POOLED = {**_CLASSIFIER, r'(backbone\.)?fc_norm\..*': POOLED_NORM}
_MASK_TOKEN = {'mask_token': 'the token of masked patches'}

LAYOUTS = (
    Layout(
        "SlowFast's contrastive pretraining",
        (r'backbone\.s1\.pathway0_stem\.conv\.weight',),
        {'backbone.': 'the trained network', 'backbone_hist.': 'the momentum encoder'},
        _slowfast_name,
        unused={
            r'backbone(_hist)?\.head\..*': 'projections and predictors',
            r'queue_x|queue_swav|ptr|iter': 'the queue',
            r'knn_mem\.memory': 'the memory of the kNN monitor',
            r'swav_prototypes\.weight': 'the prototypes',
        },
    ),
    Layout(
        "SlowFast's MAE pretraining",
        ('pos_embed_spatial', r'pred_head\.projections\.0\.weight'),
        rename=_by_rules(*_SEPARATE_QKV),
        convert=_joined_qkv,
        unused={
            **_MASK_TOKEN,
            r'pred_head\.(transforms|projections)\.0\..*': 'the decoder',
            r'decoder_embed\..*|decoder_pos_embed|dec_pos_embed_\w+': 'the decoder',
        },
    ),
    Layout(
        "SlowFast's MaskFeat pretraining",
        (r'blocks\.\d+\.attn\.rel_pos_h', r'pred_head\.transforms\.0\.0\.weight'),
        # The last block has no norm but that of the head. MViT calls it by the last of its scales.
        rename=_by_rules((r'^pred_head\.transforms\.0\.0\.', 'norm2.'), *_SEPARATE_QKV),
        convert=_joined_qkv,
        unused={
            **_MASK_TOKEN,
            r'pred_head\.projections\.0\..*': 'the predictions',
            r'hogs\.\d+\.weight_[xy]': 'the filters of the targets',
        },
    ),
    Layout(
        'V-JEPA',
        (rf'((target_|ema_)?encoder\.)(module\.)?(backbone\.)?{_TRANSFORMER}', r'predictor\..*'),
        {
            'ema_encoder.': 'the moving average of the encoder',
            'target_encoder.': 'the target encoder',
            'encoder.': 'the trained encoder',
            'predictor.': 'the predictor',
        },
        _by_rules((r'^backbone\.', '')),
        unused={
            r'\w+\.(module\.)?(backbone\.)?(predictor_)?pos_embed': 'positions',
            r'predictor\..*\bmask_tokens\.[1-9]\d*': 'the mask tokens of other mask sets',
        },
        parts={
            'target_encoder.': 'momentum_backbone.',
            'encoder.': 'backbone.',
            'predictor.': 'predictor.',
        },
    ),
    Layout(
        "VideoMAE's pretraining",
        (r'encoder\.blocks\.\d+\.attn\.q_bias', r'decoder\..*'),
        {'encoder.': 'the encoder'},
        unused={
            **_MASK_TOKEN,
            r'decoder\..*|encoder_to_decoder\.weight': 'the decoder',
        },
    ),
    Layout(
        "MVD's pretraining",
        (_TRANSFORMER, r'down_(img|vid)\.weight'),
        unused={
            r'(decoder|down)_(img|vid)\..*|(mask_token|pos_embed)_(img|vid)': 'the decoders',
            'pos_embed': 'positions',
        },
    ),
    Layout(
        'DINOv3',
        (_TRANSFORMER, 'storage_tokens'),
        rename=_by_rules((r'^storage_tokens$', 'register_tokens')),
        convert=_without_key_bias,
        unused={
            **_MASK_TOKEN,
            r'rope_embed\.periods': 'positions',
            r'local_cls_norm\..*': 'the norm of local crops',
        },
    ),
    Layout(
        'TimeSformer',
        (r'(model\.)?blocks\.\d+\.temporal_attn\.qkv\.weight',),
        dict.fromkeys(('model.', ''), 'the network'),
        _timesformer_name,
        unused={r'(model\.)?head\..*': 'the classifier'},
    ),
    Layout('DINOv2', (_TRANSFORMER, 'cls_token'), unused={**_CLASSIFIER, **_MASK_TOKEN}),
    Layout(
        'a VideoMAE or V-JEPA transformer',
        (_TRANSFORMER, r'patch_embed\.proj\.weight'),
        unused={**_POOLED, 'pos_embed': 'positions'},
    ),
    Layout(
        "mmaction2's VideoMAE",
        (r'backbone\.blocks\.\d+\.mlp\.layers\.0\.0\.weight',),
        {'backbone.': 'the backbone'},
        unused={**_POOLED, r'backbone\.pos_embed': 'positions'},
    ),
    Layout(
        'VideoMAE of transformers',
        (
            r'(videomae\.)?encoder\.layer\.\d+\.attention\.attention\.query\.weight',
            r'.*\blayernorm_before\.weight',
        ),
        {'videomae.': 'the encoder', '': 'the encoder'},
        _by_rules(
            (r'^embeddings\.patch_embeddings\.projection\.', 'patch_embed.proj.'),
            (r'^encoder\.layer\.', 'blocks.'),
            (r'^decoder\.decoder_layers\.', 'decoder.blocks.'),
            (r'\.attention\.attention\.', '.attn.'),
            (r'\.attention\.output\.dense\.', '.attn.proj.'),
            (r'\.intermediate\.dense\.', '.mlp.fc1.'),
            (r'\.output\.dense\.', '.mlp.fc2.'),
            (r'\.layernorm_before\.', '.norm1.'),
            (r'\.layernorm_after\.', '.norm2.'),
            (r'^layernorm\.', 'norm.'),
        ),
        _joined_qkv,
        unused={
            **_POOLED,
            **_MASK_TOKEN,
            r'decoder\..*|encoder_to_decoder\.weight': 'the decoder',
        },
    ),
    Layout(
        'V-JEPA 2 of transformers',
        (r'(vjepa2\.)?encoder\.layer\.\d+\.attention\.query\.weight',),
        {'vjepa2.': 'the encoder', '': 'the encoder'},
        _by_rules(
            (r'^encoder\.embeddings\.patch_embeddings\.proj\.', 'patch_embed.proj.'),
            (r'^encoder\.layer\.', 'blocks.'),
            (r'\.attention\.', '.attn.'),
            (r'^encoder\.layernorm\.', 'norm.'),
        ),
        _joined_qkv,
        unused={
            **_CLASSIFIER,
            r'(vjepa2\.)?predictor\..*': 'the predictor',
            r'pooler\..*': 'the attentive probe',
        },
    ),
    Layout(
        'DINO of transformers',
        (r'(.*\.)?layer\.\d+\.layer_scale1\.lambda1', r'.*\bembeddings\.cls_token'),
        dict.fromkeys(('dinov2.', 'dinov2_with_registers.', ''), 'the network'),
        _by_rules(
            (r'^embeddings\.patch_embeddings\.(projection\.)?', 'patch_embed.proj.'),
            (r'^embeddings\.position_embeddings$', 'pos_embed'),
            (r'^embeddings\.', ''),
            (r'^((encoder|model)\.)?layer\.', 'blocks.'),
            (r'\.attention\.output\.dense\.', '.attn.proj.'),
            (r'\.(attention\.)?attention\.', '.attn.'),
            (r'\.attn\.q_proj\.', '.attn.query.'),
            (r'\.attn\.k_proj\.', '.attn.key.'),
            (r'\.attn\.v_proj\.', '.attn.value.'),
            (r'\.attn\.o_proj\.', '.attn.proj.'),
            (r'\.layer_scale([12])\.lambda1$', r'.ls\1.gamma'),
            (r'\.mlp\.up_proj\.', '.mlp.fc1.'),
            (r'\.mlp\.down_proj\.', '.mlp.fc2.'),
            (r'^layernorm\.', 'norm.'),
        ),
        _joined_qkv,
        unused={**_CLASSIFIER, r'(\w+\.)?embeddings\.mask_token': _MASK_TOKEN['mask_token']},
    ),
)
