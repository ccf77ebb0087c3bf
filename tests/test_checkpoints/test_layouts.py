"""Files of other code fill a backbone, give its authors' features, and are accounted for in full.

The names in the files are written down here from the authors' code; the features are computed from
them by formulas in float64.
"""

import math
import re
from argparse import Namespace

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope

from tests import foreign_mvit, foreign_timesformer
from tests.conftest import REPO
from tests.foreign import CHANNELS, below, layer_norm, slow_features, slowfast, values
from vsslbox.checkpoints import CheckpointError, load_weights
from vsslbox.models.backbones import ImageViT, LevelNormViT, VideoViT
from vsslbox.registry import MODELS

WIDTH, DEPTH, HEADS = 32, 2, 2
SIZES = dict(embed_dims=WIDTH, depth=DEPTH, num_heads=HEADS)
CLIP = dict(img_size=32, num_frames=4, patch_size=8)
GRID = (2, 4, 4)


def build(config):
    with DefaultScope.overwrite_default_scope('vsslbox'):
        return MODELS.build(config)


def renamed(weights, *rules):
    found = {}
    for name, weight in weights.items():
        for pattern, replacement in rules:
            name = re.sub(pattern, replacement, name)
        found[name] = weight
    return found


# Transformers ------------------------------------------------------------------------------------


def block_shapes(qkv_bias, width=WIDTH, depth=DEPTH):
    bias = dict(
        full={'qkv.bias': (3 * width,)}, no_key=dict.fromkeys(['q_bias', 'v_bias'], (width,))
    )
    parts = {
        'norm1.weight': (width,),
        'norm1.bias': (width,),
        **{f'attn.{name}': shape for name, shape in bias[qkv_bias].items()},
        'attn.qkv.weight': (3 * width, width),
        'attn.proj.weight': (width, width),
        'attn.proj.bias': (width,),
        'norm2.weight': (width,),
        'norm2.bias': (width,),
        'mlp.fc1.weight': (4 * width, width),
        'mlp.fc1.bias': (4 * width,),
        'mlp.fc2.weight': (width, 4 * width),
        'mlp.fc2.bias': (width,),
    }
    return {f'blocks.{i}.{name}': shape for i in range(depth) for name, shape in parts.items()}


def encoder_shapes(qkv_bias='full', width=WIDTH, depth=DEPTH, norms=('norm',), tubelet=2):
    return {
        'patch_embed.proj.weight': (width, 3, tubelet, 8, 8),
        'patch_embed.proj.bias': (width,),
        **block_shapes(qkv_bias, width, depth),
        **{f'{norm}.{kind}': (width,) for norm in norms for kind in ('weight', 'bias')},
    }


def transform(tokens, weights, turn=lambda x: x, eps=1e-6):
    """Apply the blocks of a file by the authors' names; ``turn`` rotates ``[N, L, H]``."""

    def linear(x, name):
        return x @ weights[f'{name}.weight'].T + weights.get(f'{name}.bias', 0)

    size = WIDTH // HEADS
    for i in range(DEPTH):
        name = f'blocks.{i}'
        x = layer_norm(tokens, weights, f'{name}.norm1', eps)
        if f'{name}.attn.q.weight' in weights:
            query, key, value = (linear(x, f'{name}.attn.{part}') for part in 'qkv')
        else:
            query, key, value = linear(x, f'{name}.attn.qkv').split(WIDTH, dim=-1)
        query = query + weights.get(f'{name}.attn.q_bias', 0)
        value = value + weights.get(f'{name}.attn.v_bias', 0)
        heads = []
        for h in range(HEADS):
            q, k, v = (part[..., h * size : (h + 1) * size] for part in (query, key, value))
            scores = turn(q) @ turn(k).transpose(1, 2) / size**0.5
            heads.append(scores.softmax(-1) @ v)
        branch = linear(torch.cat(heads, -1), f'{name}.attn.proj')
        tokens = tokens + branch * weights.get(f'{name}.ls1.gamma', 1)
        x = linear(layer_norm(tokens, weights, f'{name}.norm2', eps), f'{name}.mlp.fc1')
        x = x * (1 + torch.erf(x / 2**0.5)) / 2
        branch = linear(x, f'{name}.mlp.fc2')
        tokens = tokens + branch * weights.get(f'{name}.ls2.gamma', 1)
    return tokens


def doubled(weights):
    return {name: weight.double() for name, weight in weights.items()}


def patches(clips, weights, name='patch_embed.proj'):
    """Cut clips into patches, ``[N, L, D]``."""
    kernel = weights[f'{name}.weight']
    t, p = kernel.shape[2:4]
    cut = clips.unfold(2, t, t).unfold(3, p, p).unfold(4, p, p)  # [N, C, T', H', W', t, p, p]
    return (
        torch.einsum('ncthwijk,dcijk->nthwd', cut, kernel).flatten(1, 3) + weights[f'{name}.bias']
    )


def places(grid=GRID):
    return [(t, y, x) for t in range(grid[0]) for y in range(grid[1]) for x in range(grid[2])]


def sincos_table():
    """VideoMAE's: sines at even, cosines at odd dimensions, of the token's number."""
    return torch.tensor([
        [(math.cos if d % 2 else math.sin)(n / 10000 ** (d // 2 * 2 / WIDTH)) for d in range(WIDTH)]
        for n in range(len(places()))
    ])  # fmt: skip


def sincos_3d_table():
    """V-JEPA's: time, row and column, each with sines before cosines."""
    width = math.ceil(WIDTH / 6) * 2
    rows = []
    for place in places():
        row = []
        for coordinate in place:
            angles = [coordinate / 10000 ** (j / (width / 2)) for j in range(width // 2)]
            row += [*map(math.sin, angles), *map(math.cos, angles)]
        rows.append(row[:WIDTH])
    return torch.tensor(rows)


def rope(paired, stretch=lambda coordinate, length: coordinate):
    """V-JEPA 2's rotation of the queries or keys of a head, ``[N, L, H]``."""
    width = 2 * (WIDTH // HEADS // 3 // 2)

    def turn(x):
        x, turned = x, x.clone()
        for number, place in enumerate(places()):
            for axis, coordinate in enumerate(place):
                coordinate = stretch(coordinate, GRID[axis]) if axis else coordinate
                for d in range(width):
                    j = d // 2 if paired else d % (width // 2)
                    angle = coordinate / 10000 ** (j / (width / 2))
                    at = axis * width + d
                    pair = x[:, number, at - 1] if d % 2 else -x[:, number, at + 1]
                    turned[:, number, at] = x[:, number, at] * math.cos(angle) + pair * math.sin(
                        angle
                    )
        return turned

    return turn


def clips(frames=4, size=32):
    return torch.randn(2, 3, frames, size, size, generator=torch.Generator().manual_seed(1))


def as_map(tokens, grid=GRID):
    return tokens.transpose(1, 2).unflatten(2, grid)


def assert_same_features(backbone, expected, inputs, error=1e-4):
    backbone.eval()
    with torch.no_grad():
        found = backbone(inputs).double()
    torch.testing.assert_close(found, expected, rtol=error, atol=error)


def videomae_pretraining(width=WIDTH, depth=DEPTH):
    shapes = below('encoder.', encoder_shapes('no_key', width, depth))
    shapes |= below('decoder.', block_shapes('no_key', 12, 1))
    shapes |= {'decoder.norm.weight': (12,), 'decoder.norm.bias': (12,)}
    shapes |= {'decoder.head.weight': (384, 12), 'decoder.head.bias': (384,)}
    shapes |= {'encoder_to_decoder.weight': (12, width), 'mask_token': (1, 1, 12)}
    # The options of argparse, and the optimizer, are in the file too.
    rest = dict(optimizer=dict(state={}), epoch=1599, scaler={}, args=Namespace(mask_ratio=0.9))
    return dict(rest, model=values(shapes))


def videomae_fine_tuned(width=WIDTH, depth=DEPTH):
    shapes = encoder_shapes('no_key', width, depth, norms=['fc_norm'])
    return dict(module=values(shapes | {'head.weight': (5, width), 'head.bias': (5,)}))


def jepa(*networks, table=None, norms=('norm',), **more):
    """V-JEPA's file: one dict for each network, within DDP and the wrapper of several clips."""
    file = dict(opt=dict(state={}, param_groups=[{}]), scaler={}, epoch=300, loss=0.4, lr=1e-6)
    weights = values(encoder_shapes(norms=norms) | more)
    if table is not None:
        weights['pos_embed'] = table[None]
    for number, network in enumerate(networks):
        changed = {n: w + number * (n != 'pos_embed') for n, w in weights.items()}
        file[network] = below('module.backbone.', changed)
    predictor = {'predictor_embed.weight': (12, WIDTH), 'mask_tokens.0': (1, 1, 12)}
    file['predictor'] = below('module.backbone.', values(predictor))
    return file


def inside(file, network):
    found = {n.removeprefix('module.backbone.'): w for n, w in file[network].items()}
    return {name: weight.double() for name, weight in found.items()}


def test_videomae_pretraining():
    file = videomae_pretraining()
    backbone = VideoViT(**SIZES, **CLIP, qkv_bias='no_key')
    report = load_weights(backbone, file)
    assert len(report.filled) == 30
    assert report.source == (
        "the given checkpoint (looks like VideoMAE's pretraining, beside optimizer, epoch, scaler, "
        'args)'
    )
    assert {what: len(names) for what, names in report.known.items()} == {
        'the decoder': 18,
        'the token of masked patches': 1,
    }
    assert len(report.filled) + len(report.unused) == len(file['model'])
    weights = {n.removeprefix('encoder.'): w.double() for n, w in file['model'].items()}
    tokens = transform(patches(clips().double(), weights) + sincos_table(), weights)
    assert_same_features(backbone, as_map(layer_norm(tokens, weights, 'norm')), clips())
    theirs = mmaction_vit(use_mean_pooling=False)
    load_weights(theirs, file, allow_missing='pos_embed')
    assert_same_features(theirs, as_map(layer_norm(tokens, weights, 'norm')), clips())


def test_videomae_fine_tuned():
    file = videomae_fine_tuned()
    backbone = VideoViT(**SIZES, **CLIP, qkv_bias='no_key', final_norm=False)
    report = load_weights(backbone, file)
    assert list(report.known) == ['the norm of the pooled features', 'the classifier']
    weights = doubled(file['module'])
    tokens = transform(patches(clips().double(), weights) + sincos_table(), weights)
    assert_same_features(backbone, as_map(tokens), clips())
    with pytest.raises(CheckpointError, match='has no norm of tokens: set `final_norm=False`'):
        load_weights(VideoViT(**SIZES, **CLIP, qkv_bias='no_key'), file)


def test_vjepa():
    file = jepa('encoder', 'target_encoder', table=sincos_3d_table())
    backbone = VideoViT(**SIZES, **CLIP, position='sincos_3d')
    report = load_weights(backbone, file)
    assert {what: len(names) for what, names in report.known.items()} == {
        'positions': 1,
        'the predictor': 2,
        'the trained encoder': 29,
    }
    weights = inside(file, 'target_encoder')
    tokens = transform(patches(clips().double(), weights) + sincos_3d_table(), weights)
    assert_same_features(backbone, as_map(layer_norm(tokens, weights, 'norm')), clips())
    load_weights(backbone, file, prefix='encoder.')
    own, other = (file[n]['module.backbone.norm.bias'] for n in ('encoder', 'target_encoder'))
    assert torch.equal(backbone.norm.bias, own) and not torch.equal(own, other)


@pytest.mark.parametrize('networks', [['encoder'], ['target_encoder', 'encoder']], ids=str)
def test_vjepa_2(networks):
    """Its file holds positions, which rotations replace."""
    file = jepa(*networks, table=sincos_3d_table())
    backbone = VideoViT(**SIZES, **CLIP, position='rope')
    report = load_weights(backbone, file)
    assert not report.missing and 'positions' in report.known
    weights = inside(file, networks[0])
    tokens = transform(patches(clips().double(), weights), weights, rope(paired=False))
    assert_same_features(backbone, as_map(layer_norm(tokens, weights, 'norm')), clips())


def jepa_21():
    more = {'img_mod_embed': (1, 1, WIDTH), 'video_mod_embed': (1, 1, WIDTH)}
    more |= {'patch_embed_img.proj.weight': (WIDTH, 3, 1, 8, 8)}
    more |= {'patch_embed_img.proj.bias': (WIDTH,)}
    norms = [f'norms_block.{level}' for level in range(2)]
    return jepa('ema_encoder', 'encoder', 'target_encoder', norms=norms, **more)


@pytest.mark.parametrize('frames', [4, 1])
def test_vjepa_21(frames, monkeypatch):
    """Its average is taken before its target encoder, which is the teacher in files of B and L."""
    file = jepa_21()
    backbone = LevelNormViT(**SIZES, **CLIP, levels=(0, 1))
    report = load_weights(backbone, file)
    assert report.missing == []
    assert {*report.known} == {'the predictor', 'the trained encoder', 'the target encoder'}
    weights = inside(file, 'ema_encoder')
    grid = GRID if frames > 1 else (1, *GRID[1:])
    monkeypatch.setattr(f'{__name__}.places', lambda: PLACES[grid])
    embed, kind = ('patch_embed.proj', 'video') if frames > 1 else ('patch_embed_img.proj', 'img')
    tokens = patches(clips(frames).double(), weights, embed) + weights[f'{kind}_mod_embed']
    turn = rope(True, lambda place, length: place * 15 / (length - 1))
    tokens = layer_norm(transform(tokens, weights, turn), weights, 'norms_block.1')
    assert_same_features(backbone, as_map(tokens, grid), clips(frames))


PLACES = {grid: places(grid) for grid in (GRID, (1, *GRID[1:]))}


def mvd():
    file = values(encoder_shapes('no_key'))
    for kind in ('img', 'vid'):
        file |= {f'{n}_{kind}': torch.ones(1, 1, WIDTH) for n in ('mask_token', 'pos_embed')}
        more = block_shapes('no_key', depth=1) | {'head.weight': (8, WIDTH), 'norm.bias': (WIDTH,)}
        file |= below(f'decoder_{kind}.', values(more))
        file |= below(f'down_{kind}.', values({'weight': (WIDTH, WIDTH), 'bias': (WIDTH,)}))
    return dict(model=file | {'pos_embed': mvd_table()[None]})


def mvd_table():
    """A quarter of the width for time, the rest halved for column and row; sines before cosines."""
    rows = []
    for t, y, x in places():
        row = []
        for coordinate, width in ((t, WIDTH // 4), (x, WIDTH * 3 // 8), (y, WIDTH * 3 // 8)):
            angles = [coordinate / 10000 ** (j / (width / 2)) for j in range(width // 2)]
            row += [*map(math.sin, angles), *map(math.cos, angles)]
        rows.append(row)
    return torch.tensor(rows)


def test_mvd():
    file = mvd()
    backbone = VideoViT(**SIZES, **CLIP, qkv_bias='no_key', position='sincos_quarters')
    report = load_weights(backbone, file)
    assert {what: len(names) for what, names in report.known.items()} == {
        'positions': 1,
        'the decoders': 38,
    }
    weights = doubled(file['model'])
    tokens = transform(patches(clips().double(), weights) + weights['pos_embed'], weights)
    assert_same_features(backbone, as_map(layer_norm(tokens, weights, 'norm')), clips())
    with pytest.raises(CheckpointError, match=r'has positions \[32, 32\] other than'):
        load_weights(VideoViT(**SIZES, **CLIP, qkv_bias='no_key'), file)


def separate_qkv(shapes):
    """Return the shapes of three projections instead of those of one."""
    found = {}
    for name, shape in shapes.items():
        for part in 'qkv' if '.attn.qkv.' in name else ' ':
            length = shape[0] // 3 if part != ' ' else shape[0]
            found[name.replace('.qkv.', f'.{part}.')] = (length, *shape[1:])
    return found


def mae_shapes(width=WIDTH, depth=DEPTH, grid=GRID, patch=8, separate=True):
    """Return the names and shapes of MAE's pretraining; its decoder is narrower here."""
    shapes = encoder_shapes(width=width, depth=depth)
    shapes['patch_embed.proj.weight'] = (width, 3, 2, patch, patch)
    shapes |= dict.fromkeys(['cls_token', 'pos_embed_class'], (1, 1, width))
    shapes |= {'pos_embed_spatial': (1, grid[1] * grid[2], width)}
    shapes |= {'pos_embed_temporal': (1, grid[0], width)}
    shapes |= {'decoder_embed.weight': (12, width), 'decoder_embed.bias': (12,)}
    shapes |= {'decoder_pos_embed': (1, 1 + math.prod(grid), 12), 'mask_token': (1, 1, 12)}
    decoder = renamed(block_shapes('full', 12, 1), (r'^blocks\.', ''))
    decoder |= {'1.weight': (12,), '1.bias': (12,)}
    shapes |= below('pred_head.transforms.0.', decoder)
    shapes |= {'pred_head.projections.0.weight': (192, 12), 'pred_head.projections.0.bias': (192,)}
    return separate_qkv(shapes) if separate else shapes


def mae(separate=True):
    weights = values(mae_shapes(separate=separate))
    return dict(epoch=199, model_state=weights, optimizer_state=dict(state={}), cfg='NUM_GPUS: 8')


MAE = dict(position='learnt_separable', class_token=True)


@pytest.mark.parametrize('separate', [True, False])
def test_mae(separate):
    """Of three projections or one, as the options of the authors' code say."""
    file = mae(separate)
    backbone = VideoViT(**SIZES, **CLIP, **MAE)
    report = load_weights(backbone, file)
    assert not report.missing and len(report.filled) == 4 + 4 + DEPTH * 12
    assert {what: len(names) for what, names in report.known.items()} == {
        'the decoder': 2 + 1 + (16 if separate else 12) + 2 + 2,
        'the token of masked patches': 1,
    }
    weights = doubled(file['model_state'])
    times, spots = weights['pos_embed_temporal'][0], weights['pos_embed_spatial'][0]
    table = torch.stack([times[t] + spots[y * GRID[2] + x] for t, y, x in places()])
    start = (weights['cls_token'] + weights['pos_embed_class']).expand(2, -1, -1)
    tokens = torch.cat([start, patches(clips().double(), weights) + table], 1)
    tokens = layer_norm(transform(tokens, weights), weights, 'norm')[:, 1:]
    assert_same_features(backbone, as_map(tokens), clips())


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(MAE, class_token=False), r'holds 2 tensors .*:\n  cls_token'),
        (dict(position='sincos'), r'\nMAE needs `position=.*` and `class_token=True`\.$'),
        (dict(MAE, img_size=64), r'wrong shape +1  pos_embed_spatial \[1, 16, 32\] for'),
    ],
)
def test_mae_needs_its_token_and_its_positions(options, message):
    with pytest.raises(CheckpointError, match=message):
        load_weights(VideoViT(**SIZES, **dict(CLIP, **options)), mae())


def mmaction_videomae():
    weights = renamed(
        videomae_fine_tuned()['module'],
        (r'^(?!head)', 'backbone.'),
        (r'patch_embed\.proj', 'patch_embed.projection'),
        (r'mlp\.fc1', 'mlp.layers.0.0'),
        (r'mlp\.fc2', 'mlp.layers.1'),
        (r'^head', 'cls_head.fc_cls'),
    )
    weights['backbone.pos_embed'] = sincos_table()[None]
    return dict(meta=dict(epoch=1), state_dict=weights)


def mmaction_vit(**kwargs):
    cfg = dict(type='mmaction.VisionTransformer', return_feat_map=True, **SIZES, **CLIP, **kwargs)
    network = build(cfg)
    network.eval()
    return network


def test_mmaction2_and_authors_give_the_same_features_in_either_network():
    """mmaction2's network lists its positions among its tensors, the authors' files do not."""
    expected = None
    for file in (mmaction_videomae(), videomae_fine_tuned()):
        ours = VideoViT(**SIZES, **CLIP, qkv_bias='no_key', final_norm=False).eval()
        theirs = mmaction_vit()
        report = load_weights(ours, file)
        assert not report.missing and 'the classifier' in report.known
        load_weights(theirs, file, allow_missing='pos_embed')
        with torch.no_grad():
            found = [ours(clips()), theirs(clips())]
        expected = found[0] if expected is None else expected
        for features in found:
            torch.testing.assert_close(features, expected, rtol=1e-4, atol=1e-5)


def test_a_file_of_a_whole_mmaction2_recognizer_fills_its_classifier():
    recognizer = torch.nn.ModuleDict(dict(backbone=mmaction_vit(), cls_head=torch.nn.Module()))
    recognizer.cls_head.fc_cls = torch.nn.Linear(WIDTH, 5)
    file = mmaction_videomae()
    report = load_weights(recognizer, file)
    assert not report.unused and not report.missing
    assert torch.equal(
        recognizer.cls_head.fc_cls.weight, file['state_dict']['cls_head.fc_cls.weight']
    )


# Whole pretrainings ------------------------------------------------------------------------------


def videomae_model():
    decoder = dict(type='PixelDecoder', embed_dims=12, depth=1, num_heads=2, out_channels=384)
    backbone = dict(type='VideoViT', qkv_bias='no_key', **SIZES, **CLIP)
    loss = dict(type='MaskedPixelLoss')
    return build(dict(type='VideoMAE', backbone=backbone, decoder=decoder, loss=loss))


def vjepa_model(**kwargs):
    cfg = dict(
        type='VJEPA',
        backbone=dict(type='VideoViT', position='rope', **SIZES, **CLIP),
        predictor=dict(
            type='TokenPredictor', in_channels=WIDTH, embed_dims=24, depth=1, num_heads=2
        ),
        masks=[dict(type='BlockMask', num_blocks=1, scale=0.5)],
        loss=dict(type='FeaturePredictionLoss'),
    )
    return build(dict(cfg, **kwargs))


def vjepa_pretraining():
    file = jepa('encoder', 'target_encoder', table=sincos_3d_table())
    blocks = renamed(block_shapes('full', 24, 1), (r'^blocks', 'predictor_blocks'))
    shapes = {'predictor_embed.weight': (24, WIDTH), 'predictor_embed.bias': (24,), **blocks}
    shapes |= {f'predictor_norm.{kind}': (24,) for kind in ('weight', 'bias')}
    shapes |= {'predictor_proj.weight': (WIDTH, 24), 'predictor_proj.bias': (WIDTH,)}
    shapes |= {f'mask_tokens.{number}': (1, 1, 24) for number in range(10)}
    shapes |= {'predictor_pos_embed': (1, 32, 24)}
    file['predictor'] = below('module.backbone.', values(shapes))
    return file


def test_videomae_goes_on_from_its_pretraining():
    file, model = videomae_pretraining(), videomae_model()
    report = load_weights(model, file)
    assert not report.missing and not report.unused
    state = model.state_dict()
    assert len(state) == len(file['model'])
    for name, weight in file['model'].items():
        assert torch.equal(state[re.sub(r'^encoder\.', 'backbone.', name)], weight), name


def test_vjepa_goes_on_from_its_pretraining():
    """Encoder, average and predictor each get their own; there is one mask token of ten."""
    file, model = vjepa_pretraining(), vjepa_model()
    report = load_weights(model, file)
    assert not report.missing
    assert {what: len(names) for what, names in report.known.items()} == {
        'positions': 3,
        'the mask tokens of other mask sets': 9,
    }
    state = model.state_dict()
    parts = dict(encoder='backbone', target_encoder='momentum_backbone', predictor='predictor')
    for theirs, ours in parts.items():
        for name, weight in file[theirs].items():
            name = name.removeprefix('module.backbone.')
            if 'pos_embed' not in name and not re.search(r'mask_tokens\.[1-9]', name):
                assert torch.equal(state[f'{ours}.{name}'], weight), name
    file['predictor']['module.backbone.predictor_norm2.weight'] = torch.ones(24)
    with pytest.raises(CheckpointError, match=r'predictor_norm2\.weight \(known: predictor\.predi'):
        load_weights(model, file)


@pytest.mark.parametrize(
    ('make_file', 'make_model', 'part'),
    [
        (videomae_pretraining, videomae_model, 'model'),
        (vjepa_pretraining, vjepa_model, 'target_encoder'),
    ],
)
def test_a_pretraining_starts_from_an_encoder_alone(make_file, make_model, part, tmp_path):
    """The decoder and the predictor are drawn; an average starts with the encoder's weights."""
    torch.save(make_file(), tmp_path / 'file.pth')
    model = make_model()
    model.init_cfg = dict(type='vsslbox.PretrainedBackbone', checkpoint=str(tmp_path / 'file.pth'))
    with DefaultScope.overwrite_default_scope('vsslbox'):
        model.init_weights()
    (theirs,) = (
        w
        for n, w in make_file()[part].items()
        if re.search(r'(^|\.)norm\.bias', n) and 'decoder' not in n
    )
    assert torch.equal(model.backbone.norm.bias, theirs)
    if hasattr(model, 'momentum_backbone'):
        assert torch.equal(model.momentum_backbone.norm.bias, theirs)


# SlowFast ----------------------------------------------------------------------------------------


def slow_only():
    cfg = dict(type='mmaction.ResNet3dSlowOnly', depth=50, lateral=False, base_channels=CHANNELS)
    return build(dict(cfg, pretrained=None, pretrained2d=False))


@pytest.mark.parametrize(
    ('kind', 'known'),
    [
        ('moco', {'projections and predictors': 1, 'the momentum encoder': 319, 'the queue': 3}),
        ('byol', {'projections and predictors': 2, 'the momentum encoder': 320, 'the queue': 3}),
        ('simclr', {'projections and predictors': 1}),
        ('swav', {'projections and predictors': 1, 'the prototypes': 1}),
    ],
)
def test_slowfast(kind, known):
    file = slowfast(kind)
    backbone = slow_only()
    report = load_weights(backbone, file)
    assert len(report.filled) == 53 * 5
    found = {what: len(names) for what, names in report.known.items()}
    assert found == {'the memory of the kNN monitor': 1, **known}
    weights = {n.removeprefix('backbone.'): w.double() for n, w in file['model_state'].items()}
    expected = slow_features(weights, clips().double())
    assert_same_features(backbone, expected, clips())


def test_the_momentum_encoder_of_slowfast_can_be_chosen():
    file, backbone = slowfast('moco'), slow_only()
    load_weights(backbone, file, prefix='backbone_hist.')
    stem = file['model_state']['backbone_hist.s1.pathway0_stem.conv.weight']
    assert torch.equal(backbone.conv1.conv.weight, stem)


def mvit(type_='VideoMViT', **kwargs):
    cfg = dict(type=type_, arch=foreign_mvit.ARCH, dim_mul_in_attention=False)
    return build(dict(cfg, **foreign_mvit.CLIP, **kwargs))


@pytest.mark.parametrize('separate', [True, False])
def test_maskfeat(separate):
    """Its last block has the norm of the head, without which the map is not what the head saw."""
    file, backbone = foreign_mvit.maskfeat(separate), mvit()
    report = load_weights(backbone, file)
    assert not report.missing and len(report.filled) == 5 * 24 + 3 * 2 + 5
    assert {what: len(names) for what, names in report.known.items()} == {
        'the token of masked patches': 1,
        'the predictions': 2,
        'the filters of the targets': 2,
    }
    expected = foreign_mvit.mvit_features(doubled(file['model_state']), clips().double())
    assert_same_features(backbone, expected, clips())
    theirs = mvit('mmaction.MViT').eval()
    load_weights(theirs, file)
    with torch.no_grad():
        ((found, _),) = theirs(clips())
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-4)


def test_an_mvit_that_starts_from_maskfeat_keeps_its_relative_positions(tmp_path):
    """Its attention draws them when it is initialized, after the network."""
    file = foreign_mvit.maskfeat()
    torch.save(file, tmp_path / 'file.pyth')
    start = dict(type='vsslbox.PretrainedBackbone', checkpoint=str(tmp_path / 'file.pyth'))
    backbone = mvit(init_cfg=start)
    backbone.init_weights()
    for name in ('blocks.1.attn.rel_pos_h', 'blocks.4.attn.rel_pos_t', 'blocks.4.norm1.bias'):
        assert torch.equal(backbone.state_dict()[name], file['model_state'][name]), name


def foreign_config(name):
    return Config.fromfile(REPO / f'configs/foreign/{name}.py').model.backbone


@pytest.mark.parametrize(
    ('name', 'width', 'millions', 'published'),
    [
        ('mae_vit-b16', 768, 86.4, 87),
        ('mae_vit-l16', 1024, 304.1, 304),
        ('mae_vit-h16', 1280, 631.9, 632),
        ('maskfeat_mvit-s', 768, 36.2, 36),
        pytest.param('maskfeat_mvit-l', 1152, 217.1, 218, marks=pytest.mark.slow),
    ],
)
def test_sizes_of_slowfasts_masked_models(name, width, millions, published):
    """The published numbers count the classifier of 400 classes that fine-tuning adds."""
    config = foreign_config(f'{name}_16x4-224px')
    if 'mae' in name:
        depth = {768: 12, 1024: 24, 1280: 32}[width]
        shapes = mae_shapes(width, depth, (8, 14, 14), 16)
    else:
        shapes = foreign_mvit.maskfeat_shapes(config.arch, dict(temporal_size=16, spatial_size=224))
    with torch.device('meta'):
        backbone = build(config)
        file = {name: torch.empty(shape) for name, shape in shapes.items()}
        assert not load_weights(backbone, dict(model_state=file)).missing
        assert backbone(torch.empty(1, 3, 16, 224, 224)).shape == (1, width, 8, 14, 14)
    count = sum(parameter.numel() for parameter in backbone.parameters())
    assert round(count / 1e6, 1) == millions
    assert abs((count + 400 * width + 400) / 1e6 - published) < 0.6


# TimeSformer -------------------------------------------------------------------------------------


def mmaction_timesformer():
    # Its blocks are named without `mmaction.`.
    return build(dict(type='TimeSformer', _scope_='mmaction', **foreign_timesformer.NETWORK))


@pytest.mark.parametrize('prefix', ['model.', 'module.model.', ''])
def test_timesformer(prefix):
    """The authors' code has the network in `model`; the features are its class token."""
    file, network = foreign_timesformer.timesformer(prefix), mmaction_timesformer()
    report = load_weights(network, file)
    assert len(report.filled) == 7 + 2 * 20
    assert {what: len(names) for what, names in report.known.items()} == {'the classifier': 2}
    weights = {n.removeprefix(prefix): w.double() for n, w in file['model_state'].items()}
    batch = clips(3, 16)
    expected = foreign_timesformer.timesformer_features(weights, batch.double())
    assert_same_features(network, expected, batch)


# Images ------------------------------------------------------------------------------------------


def dino(registers=0, rope=False):
    shapes = {'cls_token': (1, 1, WIDTH), 'mask_token': (1, WIDTH)}
    shapes |= {'patch_embed.proj.weight': (WIDTH, 3, 8, 8), 'patch_embed.proj.bias': (WIDTH,)}
    shapes |= block_shapes('full')
    shapes |= {f'blocks.{i}.ls{j}.gamma': (WIDTH,) for i in range(DEPTH) for j in (1, 2)}
    shapes |= {'norm.weight': (WIDTH,), 'norm.bias': (WIDTH,)}
    if registers:
        shapes['storage_tokens' if rope else 'register_tokens'] = (1, registers, WIDTH)
    if not rope:
        shapes['pos_embed'] = (1, 17, WIDTH)
    file = values(shapes)
    if rope:
        file['rope_embed.periods'] = 100 ** (torch.arange(3) / 3)
        for i in range(DEPTH):
            mask = torch.ones(3 * WIDTH)
            mask[WIDTH : 2 * WIDTH] = 0
            file[f'blocks.{i}.attn.qkv.bias_mask'] = mask
    return file


def image_tokens(images, weights):
    kernel = weights['patch_embed.proj.weight']
    cut = images.unfold(2, 8, 8).unfold(3, 8, 8)
    found = torch.einsum('nchwij,dcij->nhwd', cut, kernel).flatten(1, 2)
    return found + weights['patch_embed.proj.bias']


def images(height=32, width=32):
    return clips(1, max(height, width))[:, :, 0, :height, :width]


@pytest.mark.parametrize('registers', [0, 3])
def test_dinov2(registers):
    file = dino(registers)
    backbone = ImageViT(**SIZES, img_size=32, patch_size=8, num_registers=registers)
    report = load_weights(backbone, file)
    assert not report.missing and report.known == {'the token of masked patches': ['mask_token']}
    weights = doubled(file)
    tokens = image_tokens(images().double(), weights)
    tokens = torch.cat([weights['cls_token'].expand(2, -1, -1), tokens], 1) + weights['pos_embed']
    if registers:
        more = weights['register_tokens'].expand(2, -1, -1)
        tokens = torch.cat([tokens[:, :1], more, tokens[:, 1:]], 1)
    tokens = layer_norm(transform(tokens, weights), weights, 'norm')[:, 1 + registers :]
    assert_same_features(backbone, as_map(tokens, (4, 4)), images())


def test_dinov3():
    """Its bias of keys is masked, and its positions are the angles of the patches' centres."""
    file = dino(registers=2, rope=True)
    cfg = dict(num_registers=2, position='rope', qkv_bias='no_key', norm_eps=1e-5)
    backbone = ImageViT(**SIZES, patch_size=8, **cfg)
    report = load_weights(backbone, file)
    assert not report.missing
    assert list(report.known) == ['the token of masked patches', 'positions']
    weights = doubled(file)
    for i in range(DEPTH):
        weights[f'blocks.{i}.attn.qkv.bias'] *= weights[f'blocks.{i}.attn.qkv.bias_mask']
    half = WIDTH // HEADS // 2

    def turn(x):
        turned = x.clone()
        for number in range(24):
            row, column = (2 * (number // 6 + 0.5) / 4 - 1), (2 * (number % 6 + 0.5) / 6 - 1)
            for d in range(2 * half):
                j = d % half  # rows, then columns
                place, j = (row, j) if j < half // 2 else (column, j - half // 2)
                angle = 2 * math.pi * place / 100 ** (2 * j / half)
                at, pair = x[:, 3 + number, d], x[:, 3 + number, (d + half) % (2 * half)]
                pair = -pair if d < half else pair
                turned[:, 3 + number, d] = at * math.cos(angle) + pair * math.sin(angle)
        return turned

    start = torch.cat([weights['cls_token'], weights['storage_tokens']], 1).expand(2, -1, -1)
    tokens = torch.cat([start, image_tokens(images(32, 48).double(), weights)], 1)
    tokens = layer_norm(transform(tokens, weights, turn, 1e-5), weights, 'norm', 1e-5)[:, 3:]
    assert_same_features(backbone, as_map(tokens, (4, 6)), images(32, 48))


def test_positions_of_dinov2_are_resized_as_its_authors_do():
    """Cubic convolution (a = -0.75) at the places that a factor for 0.1 more patches gives."""
    backbone = ImageViT(**SIZES, img_size=32, patch_size=8)
    backbone.pos_embed.data = values({'pos_embed': (1, 17, WIDTH)})['pos_embed']
    table = backbone.pos_embed.detach()[0, 1:].view(4, 4, WIDTH).double()

    def weight(x):
        x = abs(x)
        if x <= 1:
            return 1.25 * x**3 - 2.25 * x**2 + 1
        return -0.75 * x**3 + 3.75 * x**2 - 6 * x + 3 if x < 2 else 0

    def resized(length, axis_length):
        rows = torch.zeros(length, axis_length).double()
        for i in range(length):
            source = (i + 0.5) / ((length + 0.1) / axis_length) - 0.5
            for j in range(math.floor(source) - 1, math.floor(source) + 3):
                rows[i, min(max(j, 0), axis_length - 1)] += weight(source - j)
        return rows

    expected = torch.einsum('ia,jb,abd->ijd', resized(3, 4), resized(6, 4), table).flatten(0, 1)
    found = backbone._table((3, 6))[0]
    torch.testing.assert_close(found[1:].double(), expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(found[0], backbone.pos_embed[0, 0])


# What is refused ---------------------------------------------------------------------------------

ViT = dict(**SIZES, **CLIP)
FILES = {
    'VideoMAE': (videomae_pretraining, lambda: VideoViT(**ViT, qkv_bias='no_key')),
    'V-JEPA': (
        lambda: jepa('encoder', 'target_encoder', table=sincos_3d_table()),
        lambda: VideoViT(**ViT, position='sincos_3d'),
    ),
    'MAE': (mae, lambda: VideoViT(**ViT, **MAE)),
    'MaskFeat': (foreign_mvit.maskfeat, mvit),
    'V-JEPA 2.1': (jepa_21, lambda: LevelNormViT(**ViT, levels=(0, 1))),
    'mmaction2': (mmaction_videomae, lambda: VideoViT(**ViT, qkv_bias='no_key', final_norm=False)),
    'SlowFast': (lambda: slowfast('moco'), slow_only),
    'TimeSformer': (foreign_timesformer.timesformer, mmaction_timesformer),
    'DINOv2': (lambda: dict(dino()), lambda: ImageViT(**SIZES, img_size=32, patch_size=8)),
}
CHOSEN = {
    'VideoMAE': ('model', 'encoder.blocks.1.mlp.fc1.weight'),
    'V-JEPA': ('target_encoder', 'module.backbone.blocks.1.mlp.fc1.weight'),
    'MAE': ('model_state', 'blocks.1.mlp.fc1.weight'),
    'MaskFeat': ('model_state', 'blocks.1.attn.pool_k.weight'),
    'V-JEPA 2.1': ('ema_encoder', 'module.backbone.norms_block.1.weight'),
    'mmaction2': ('state_dict', 'backbone.blocks.1.mlp.layers.0.0.weight'),
    'SlowFast': ('model_state', 'backbone.s3.pathway0_res1.branch2.b.weight'),
    'TimeSformer': ('model_state', 'model.blocks.1.temporal_attn.proj.weight'),
    'DINOv2': (None, 'blocks.1.ls2.gamma'),
}


def opened(kind):
    make_file, make_backbone = FILES[kind]
    file, (key, name) = make_file(), CHOSEN[kind]
    return file, file if key is None else file[key], name, make_backbone()


@pytest.mark.parametrize('kind', FILES)
def test_a_changed_name_is_refused_with_what_it_resembles(kind):
    file, weights, name, backbone = opened(kind)
    changed = f'{name[:-1]}x'
    weights[changed] = weights.pop(name)
    before = {n: w.clone() for n, w in backbone.state_dict().items()}
    with pytest.raises(CheckpointError, match=rf'is missing; the checkpoint has .*{changed[-9:]}'):
        load_weights(backbone, file)
    assert all(torch.equal(before[n], w) for n, w in backbone.state_dict().items())


@pytest.mark.parametrize('kind', FILES)
def test_a_tensor_too_many_is_refused_whatever_may_be_missing(kind):
    file, weights, name, backbone = opened(kind)
    weights[f'{name}2'] = weights[name]
    message = r'holds 1 tensors that files of this kind do not have:\n  .*2 \(known: .*\)'
    with pytest.raises(CheckpointError, match=message):
        load_weights(backbone, file, allow_missing='')


@pytest.mark.parametrize('kind', FILES)
def test_a_missing_tensor_is_refused(kind):
    file, weights, name, backbone = opened(kind)
    del weights[name]
    with pytest.raises(CheckpointError, match=r'missing +1 '):
        load_weights(backbone, file)


def test_a_file_of_another_size_gives_one_message():
    shapes = encoder_shapes('no_key', 1024, 24)
    large = {name: torch.empty(shape, device='meta') for name, shape in shapes.items()}
    with torch.device('meta'):
        base = VideoViT(arch='base', patch_size=8, qkv_bias='no_key')
    message = (
        r'VideoViT is not filled by the given checkpoint \(looks like .*\): the checkpoint is of '
        r'ViT-L \(width 1024, 24 blocks, patches of 8 pixels\), the module ViT-B \(width 768, 12 '
        r'blocks, patches of 8 pixels\)$'
    )
    with pytest.raises(CheckpointError, match=message):
        load_weights(base, large)


@pytest.mark.parametrize(
    ('position', 'size', 'message'),
    [
        (
            'sincos',
            32,
            r'positions \[32, 32\] other than those of the module, \[32, 32\]: set `posi',
        ),
        ('sincos_3d', 64, r'positions \[32, 32\] other than those of the module, \[128, 32\]'),
    ],
)
def test_other_positions_than_those_of_the_file_are_refused(position, size, message):
    file = jepa('target_encoder', table=sincos_3d_table())
    backbone = VideoViT(**SIZES, **dict(CLIP, img_size=size), position=position)
    with pytest.raises(CheckpointError, match=message):
        load_weights(backbone, file)


def test_other_positions_of_a_whole_pretraining_are_refused():
    tiny = dict(type='VideoViT', position='sincos_3d', **SIZES, **CLIP)
    load_weights(vjepa_model(backbone=tiny), vjepa_pretraining())
    with pytest.raises(CheckpointError, match=r'other than those of the module, \[128, 32\]'):
        load_weights(vjepa_model(backbone=dict(tiny, img_size=64)), vjepa_pretraining())


def test_a_gated_mlp_is_refused():
    file = renamed(dino(), (r'mlp\.fc1', 'mlp.w12'), (r'mlp\.fc2', 'mlp.w3'))
    with pytest.raises(CheckpointError, match=r'missing +8  blocks\.0\.mlp\.fc1\.weight'):
        load_weights(ImageViT(**SIZES, img_size=32, patch_size=8), file)
