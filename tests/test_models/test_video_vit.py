"""The vision transformer against literal loops, transformers' networks, and itself."""

import math

import pytest
import torch

from vsslbox.errors import InputError
from vsslbox.models.backbones import VideoViT
from vsslbox.models.utils import encode_clips, is_3d, rotary_table, rotate

WIDTH, HEADS, GRID = 24, 2, (2, 2, 3)
TINY = dict(
    embed_dims=WIDTH,
    depth=2,
    num_heads=HEADS,
    mlp_ratio=2.0,
    img_size=(8, 12),
    num_frames=4,
    patch_size=4,
)
KINDS = [
    dict(position='sincos', qkv_bias='no_key'),
    dict(position='sincos_3d', qkv_bias=True),
    dict(position='sincos_3d', class_token=True),
    dict(position='learnt_separable'),
    dict(position='learnt_separable', class_token=True),
    dict(position='rope', qkv_bias=True),
    dict(position='rope_paired', qkv_bias=False),
    dict(position='rope_paired', rope_span=16, final_norm=False),
]


def randomised(model):
    """Give every parameter random values, biases and norms too."""
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.data.copy_(0.3 * noise + (parameter.ndim == 1) * 0.5)
    return model.eval()


def tiny(**kwargs):
    return randomised(VideoViT(**{**TINY, **kwargs})).double()


def clips(*shape, dtype=torch.float64):
    shape = shape or (2, 3, 4, 8, 12)
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=dtype)


def position_of(number, grid=GRID):
    return number // (grid[1] * grid[2]), number // grid[2] % grid[1], number % grid[2]


def literal_position(kind, number, weights):
    """Return the vector that is added to a token, in float32 as the authors hold it."""
    row = []
    if kind == 'learnt_separable':
        times, places = weights['pos_embed_temporal'][0], weights['pos_embed_spatial'][0]
        return times[number // len(places)] + places[number % len(places)]
    if kind == 'sincos':
        for d in range(WIDTH):
            angle = number / 10000 ** (2 * (d // 2) / WIDTH)
            row.append(math.cos(angle) if d % 2 else math.sin(angle))
    elif kind == 'sincos_3d':
        width = 2 * math.ceil(WIDTH / 6)
        for place in position_of(number):
            angles = [place / 10000 ** (2 * j / width) for j in range(width // 2)]
            row += [math.sin(angle) for angle in angles] + [math.cos(angle) for angle in angles]
    return torch.tensor(row or [0.0] * WIDTH).double()[:WIDTH]


def literal_rotation(x, kind, number, span=None):
    """Rotate the query or key of one head, ``[H]``."""
    if 'rope' not in kind:
        return x
    size, rotated = len(x), x.clone()
    width = 2 * ((size // 3) // 2)
    for axis, place in enumerate(position_of(number)):
        if span and axis:
            place = place * (span - 1) / (GRID[axis] - 1)
        for d in range(width):
            j = d // 2 if kind == 'rope_paired' else d % (width // 2)
            angle = place * 10000 ** (-j / (width / 2))
            here = axis * width + d
            other = -x[here + 1] if d % 2 == 0 else x[here - 1]
            rotated[here] = x[here] * math.cos(angle) + other * math.sin(angle)
    return rotated


def literal_norm(x, weights, name):
    centred = x - x.mean()
    deviation = ((centred**2).mean() + 1e-6).sqrt()
    return centred / deviation * weights[f'{name}.weight'] + weights[f'{name}.bias']


def literal_embedding(weights, clip, numbers, kind):
    """Compute the projections of patches with their positions."""
    tokens = []
    for number in numbers:
        t, row, column = position_of(number)
        patch = clip[:, 2 * t : 2 * t + 2, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        position = literal_position(kind, number, weights)
        value = (weights['patch_embed.proj.weight'] * patch).sum(dim=(1, 2, 3, 4))
        tokens.append(value + weights['patch_embed.proj.bias'] + position)
    return tokens


def literal_tokens(model, clip, numbers, kind, span=None):
    """Compute the kept tokens of one clip by loops over tokens, heads and keys."""
    weights = dict(model.named_parameters())
    size = WIDTH // HEADS

    def linear(x, name):
        bias = weights.get(f'{name}.bias', 0)
        return weights[f'{name}.weight'] @ x + bias

    tokens = literal_embedding(weights, clip, numbers, kind)
    if 'cls_token' in weights:
        tokens.insert(0, (weights['cls_token'] + weights.get('pos_embed_class', 0)).flatten())
        numbers = [None, *numbers]
    for block in ('blocks.0', 'blocks.1'):
        parts = []
        for token in tokens:
            qkv = linear(literal_norm(token, weights, f'{block}.norm1'), f'{block}.attn.qkv')
            if f'{block}.attn.q_bias' in weights:
                q_bias, v_bias = weights[f'{block}.attn.q_bias'], weights[f'{block}.attn.v_bias']
                qkv = qkv + torch.cat([q_bias, 0 * q_bias, v_bias])
            parts.append(qkv.view(3, HEADS, size))
        attended = []
        for i, number in enumerate(numbers):
            heads = []
            for h in range(HEADS):
                query = literal_rotation(parts[i][0, h], kind, number, span)
                keys = [
                    literal_rotation(part[1, h], kind, n, span)
                    for part, n in zip(parts, numbers, strict=True)
                ]
                scores = torch.stack([(query @ key / size**0.5).exp() for key in keys])
                mean = sum(s * part[2, h] for s, part in zip(scores, parts, strict=True))
                heads.append(mean / scores.sum())
            attended.append(linear(torch.cat(heads), f'{block}.attn.proj'))
        tokens = [token + more for token, more in zip(tokens, attended, strict=True)]
        for i, token in enumerate(tokens):
            x = linear(literal_norm(token, weights, f'{block}.norm2'), f'{block}.mlp.fc1')
            x = x * 0.5 * (1 + torch.erf(x / 2**0.5))
            tokens[i] = token + linear(x, f'{block}.mlp.fc2')
    if 'norm.weight' in weights:
        tokens = [literal_norm(token, weights, 'norm') for token in tokens]
    return torch.stack(tokens[1:] if 'cls_token' in weights else tokens)


@pytest.mark.parametrize('kind', KINDS, ids=str)
@pytest.mark.parametrize('keep', [None, [[0, 4, 5, 11], [7, 3, 2, 8]]])
def test_tokens_equal_literal_loops(kind, keep):
    model, batch = tiny(**kind), clips()
    with torch.no_grad():
        found = model.tokens(batch, None if keep is None else torch.tensor(keep))
        for row, clip in enumerate(batch):
            numbers = range(12) if keep is None else keep[row]
            expected = literal_tokens(
                model, clip, list(numbers), kind['position'], kind.get('rope_span')
            )
            torch.testing.assert_close(found[row], expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize('kind', KINDS, ids=str)
def test_the_feature_map_holds_the_tokens_in_their_places(kind):
    model, batch = tiny(**kind), clips()
    with torch.no_grad():
        maps, tokens = model(batch), model.tokens(batch)
    assert maps.shape == (2, WIDTH, *GRID)
    for number in range(12):
        assert torch.equal(
            maps[(slice(None), slice(None), *position_of(number))], tokens[:, number]
        )
    assert is_3d(model)
    torch.testing.assert_close(encode_clips(model, batch), tokens.mean(dim=1))


@pytest.mark.parametrize('kind', [KINDS[-2], KINDS[4]], ids=str)
def test_a_tap_is_the_map_after_a_block(kind):
    model, batch = tiny(**kind), clips()
    with torch.no_grad():
        maps = model.extract(batch, [1, 0])
        assert torch.equal(maps[1], model(batch))
        shorter = tiny(**kind, depth=1)
        shorter.load_state_dict(model.state_dict(), strict=False)
        assert torch.equal(maps[0], shorter(batch))
    for tap in (2, 'blocks.0'):
        with pytest.raises(InputError, match='numbers of its blocks, 0 to 1'):
            model.extract(batch, [tap])


def test_kept_tokens_do_not_see_the_others():
    model, batch = tiny(position='rope'), clips()
    keep = torch.tensor([[1, 6], [1, 6]])
    changed = batch.clone()
    changed[:, :, :, 4:] = 0  # rows of the tokens 3 to 5 and 9 to 11
    assert torch.equal(model.tokens(batch, keep), model.tokens(changed, keep))
    assert not torch.equal(model.tokens(batch)[:, 1], model.tokens(changed)[:, 1])


@pytest.mark.parametrize('position', ['sincos', 'rope'])
def test_blocks_computed_again_give_the_same_gradients(position):
    found = []
    for with_cp in (False, True):
        model = tiny(position=position, qkv_bias='no_key', drop_path_rate=0.5, with_cp=with_cp)
        model.train()
        torch.manual_seed(0)
        tokens = model.tokens(clips(), torch.tensor([[0, 4, 5], [7, 3, 2]]))
        tokens.square().sum().backward()
        found.append([tokens, *(parameter.grad for parameter in model.parameters())])
    for plain, again in zip(*found, strict=True):
        assert torch.equal(plain, again)


@pytest.mark.parametrize(
    ('arch', 'patch_size', 'width', 'depth', 'hidden', 'millions'),
    [
        ('tiny', 16, 192, 12, 768, 5.6),
        ('small', 16, 384, 12, 1536, 21.9),
        ('base', 16, 768, 12, 3072, 86.2),
        ('large', 16, 1024, 24, 4096, 303.9),  # papers: 300 million
        ('huge', 16, 1280, 32, 5120, 631.6),
        ('giant', 14, 1408, 40, 6144, 1011.7),
        ('giant', 16, 1408, 40, 6144, 1012.2),
        ('gigantic', 16, 1664, 48, 8192, 1843.9),
    ],
)
def test_parameters_of_the_named_sizes(arch, patch_size, width, depth, hidden, millions):
    with torch.device('meta'):
        model = VideoViT(arch, patch_size=patch_size)
        assert model(torch.empty(1, 3, 16, 224, 224)).shape[1:3] == (width, 8)
    attention = width * 3 * width + 3 * width + width * width + width
    block = 4 * width + attention + width * hidden + hidden + hidden * width + width
    patches = 3 * 2 * patch_size**2 * width + width
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count == patches + depth * block + 2 * width
    assert round(count / 1e6, 1) == millions


@pytest.mark.slow
@pytest.mark.parametrize('kind', [KINDS[0], KINDS[4]], ids=str)
def test_an_exported_network_takes_any_number_of_clips(kind):
    model = tiny(**kind)
    shapes = ({0: torch.export.Dim('N')},)
    exported = torch.export.export(model, (clips(),), dynamic_shapes=shapes).module()
    batch = clips(5, 3, 4, 8, 12)
    torch.testing.assert_close(exported(batch), model(batch))


def test_names_are_those_of_the_authors():
    names = VideoViT(**TINY, qkv_bias='no_key').state_dict()
    block = ['norm1', 'attn.proj', 'norm2', 'mlp.fc1', 'mlp.fc2']
    wanted = {'patch_embed.proj', 'norm'} | {f'blocks.{i}.{name}' for i in (0, 1) for name in block}
    pairs = {f'{name}.{kind}' for name in wanted for kind in ('weight', 'bias')}
    attention = {f'blocks.{i}.attn.{n}' for i in (0, 1) for n in ('q_bias', 'v_bias', 'qkv.weight')}
    assert set(names) == pairs | attention
    assert 'blocks.0.attn.qkv.bias' in VideoViT(**TINY).state_dict()


def test_the_class_token_and_learnt_positions_are_drawn():
    cfg = dict(TINY, position='learnt_separable', class_token=True)
    model = VideoViT(**dict(cfg, embed_dims=96, num_heads=2))
    torch.manual_seed(0)
    model.init_weights()
    shapes = dict(
        cls_token=(1, 1, 96),
        pos_embed_class=(1, 1, 96),
        pos_embed_spatial=(1, 6, 96),
        pos_embed_temporal=(1, 2, 96),
    )
    for name, shape in shapes.items():
        parameter = getattr(model, name)
        assert parameter.shape == shape and 0.015 < parameter.std() < 0.025, name
    assert not {*shapes} & {*VideoViT(**TINY).state_dict()}


def test_a_true_rotation_depends_on_distances_only():
    generator = torch.Generator().manual_seed(0)
    x, y = torch.randn(2, 64, generator=generator, dtype=torch.float64)

    def product(table, first, second):
        query, key = (table[t * 16 + row * 4 + column][None] for t, row, column in (first, second))
        return rotate(x[None, None, None], query).flatten() @ (
            rotate(y[None, None, None], key).flatten()
        )

    for paired in (True, False):
        table = rotary_table((4, 4, 4), 64, paired).double()
        moved = product(table, (0, 1, 2), (1, 3, 0)), product(table, (2, 0, 3), (3, 2, 1))
        assert bool((moved[0] - moved[1]).abs() < 1e-5) == paired


@pytest.mark.parametrize('position', ['sincos_3d', 'learnt_separable'])
def test_a_table_of_three_axes_is_interpolated(position):
    model = tiny(position=position)
    longer = model._positions((4, 2, 3)).view(4, 6, WIDTH)
    first, second = model._positions(GRID).view(2, 6, WIDTH)
    expected = [first, 0.75 * first + 0.25 * second, 0.25 * first + 0.75 * second, second]
    torch.testing.assert_close(longer, torch.stack(expected))
    assert model(clips(1, 3, 8, 8, 12)).shape == (1, WIDTH, 4, 2, 3)


@pytest.mark.parametrize('position', ['rope', 'rope_paired'])
def test_rotations_take_clips_of_any_shape(position):
    built_for_it = tiny(position=position, num_frames=8, img_size=(16, 4))
    other = tiny(position=position)
    batch = clips(1, 3, 8, 16, 4)
    assert torch.equal(other(batch), built_for_it(batch))


@pytest.mark.parametrize(
    ('kwargs', 'shape', 'message'),
    [
        (dict(), (1, 3, 8, 8, 12), 'set num_frames and img_size'),
        (dict(position='rope'), (1, 3, 5, 8, 12), 'choose multiples'),
        (dict(position='rope'), (1, 3, 4, 8, 13), 'choose multiples'),
    ],
)
def test_clips_that_do_not_fit(kwargs, shape, message):
    with pytest.raises(InputError, match=message):
        tiny(**kwargs)(clips(*shape))


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(arch='medium'), 'arch must be one of tiny, small'),
        (dict(position='learnt'), 'position must be one of sincos'),
        (dict(qkv_bias='no_value'), "True, False or 'no_key'"),
        (dict(num_heads=5), 'num_heads=5 must divide embed_dims=24'),
        (dict(num_heads=6, position='rope'), 'even number of dimensions, 6 or more, got 4'),
        (dict(rope_span=16), 'rope_span does nothing'),
        (dict(class_token=True, position='rope'), "position='rope' cannot have it"),
        (dict(img_size=30), 'choose multiples'),
    ],
)
def test_wrong_arguments(kwargs, message):
    with pytest.raises(InputError, match=message):
        VideoViT(**{**TINY, **kwargs})


def fill(model, tensors, names):
    """Fill a network from another's tensors; ``names`` maps a name to those that it joins."""
    state = {
        name: torch.cat([tensors[other] for other in names(name)]) for name in model.state_dict()
    }
    model.load_state_dict(state)


@pytest.mark.slow
def test_tokens_equal_those_of_transformers_videomae():
    transformers = pytest.importorskip('transformers')
    cfg = transformers.VideoMAEConfig(
        image_size=32,
        patch_size=8,
        num_frames=4,
        hidden_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        layer_norm_eps=1e-6,
        use_mean_pooling=False,
    )
    other = randomised(transformers.VideoMAEModel(cfg))
    model = VideoViT(
        **dict(TINY, embed_dims=48, num_heads=4, img_size=32, patch_size=8), qkv_bias='no_key'
    ).eval()

    def names(name):
        if not name.startswith('blocks'):
            return [
                name.replace('patch_embed.proj', 'embeddings.patch_embeddings.projection').replace(
                    'norm', 'layernorm'
                )
            ]
        block, rest = name.split('.', 2)[1:]
        attention = 'attention.attention.'
        renamed = {
            'norm1': ['layernorm_before'],
            'norm2': ['layernorm_after'],
            'attn.qkv': [f'{attention}{part}' for part in ('query', 'key', 'value')],
            'attn.q_bias': [f'{attention}query.bias'],
            'attn.v_bias': [f'{attention}value.bias'],
            'attn.proj': ['attention.output.dense'],
            'mlp.fc1': ['intermediate.dense'],
            'mlp.fc2': ['output.dense'],
        }
        if rest in renamed:
            return [f'encoder.layer.{block}.{other}' for other in renamed[rest]]
        part, kind = rest.rsplit('.', 1)
        return [f'encoder.layer.{block}.{other}.{kind}' for other in renamed[part]]

    fill(model, other.state_dict(), names)
    batch = clips(2, 3, 4, 32, 32, dtype=torch.float32)
    masked = torch.ones(2, 32, dtype=torch.bool)
    masked[0, [1, 5, 20]] = masked[1, [0, 17, 31]] = False
    keep = torch.tensor([[1, 5, 20], [0, 17, 31]])
    with torch.no_grad():
        frames_first = batch.transpose(1, 2)
        whole = other(frames_first).last_hidden_state
        visible = other(frames_first, bool_masked_pos=masked).last_hidden_state
        torch.testing.assert_close(model.tokens(batch), whole, rtol=0, atol=1e-5)
        torch.testing.assert_close(model.tokens(batch, keep), visible, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_tokens_equal_those_of_transformers_vjepa2():
    transformers = pytest.importorskip('transformers')
    cfg = transformers.VJEPA2Config(
        crop_size=32,
        patch_size=8,
        frames_per_clip=4,
        hidden_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        mlp_ratio=2.0,
        pred_hidden_size=48,
        pred_num_attention_heads=4,
        pred_num_hidden_layers=1,
    )
    other = randomised(transformers.VJEPA2Model(cfg))
    model = VideoViT(
        **dict(TINY, embed_dims=96, num_heads=4, img_size=32, patch_size=8), position='rope'
    ).eval()

    def names(name):
        name = name.replace('blocks', 'layer').replace('attn', 'attention')
        name = name.replace('patch_embed', 'embeddings.patch_embeddings')
        name = f'encoder.{name}'.replace('encoder.norm', 'encoder.layernorm')
        parts = ('query', 'key', 'value') if 'qkv' in name else ('',)
        return [name.replace('qkv', part) for part in parts]

    fill(model, other.state_dict(), names)
    batch = clips(2, 3, 4, 32, 32, dtype=torch.float32)
    with torch.no_grad():
        whole = other(batch.transpose(1, 2), skip_predictor=True).last_hidden_state
        torch.testing.assert_close(model.tokens(batch), whole, rtol=0, atol=1e-5)
