"""V-JEPA: a whole loss against a literal reference, what the context hides, transformers' model."""

import math

import numpy as np
import pytest
import torch
from mmengine.dist import get_rank, get_world_size
from torch import nn

from tests.distributed import run_on_processes
from vsslbox.errors import InputError
from vsslbox.models.losses import feature_l1
from vsslbox.models.utils import LinearMomentum
from vsslbox.registry import MODELS

BATCH, FRAMES, SIZE, PATCH = 4, 4, 32, 8
GRID = (2, 4, 4)
WIDTH, HEADS, NARROW, NARROW_HEADS = 24, 2, 16, 2
MASKS = [
    dict(type='BlockMask', num_blocks=3, scale=0.2),
    dict(type='BlockMask', num_blocks=1, scale=0.6),
]
BACKBONE = dict(
    type='VideoViT',
    embed_dims=WIDTH,
    depth=2,
    num_heads=HEADS,
    img_size=SIZE,
    num_frames=FRAMES,
    patch_size=PATCH,
    position='rope',
)
PREDICTOR = dict(
    type='TokenPredictor', in_channels=WIDTH, embed_dims=NARROW, depth=2, num_heads=NARROW_HEADS
)
VJEPA = dict(
    type='VJEPA',
    backbone=BACKBONE,
    predictor=PREDICTOR,
    masks=MASKS,
    loss=dict(type='FeaturePredictionLoss'),
    momentum=0.9,
)
VJEPA1 = dict(
    VJEPA,
    backbone=dict(BACKBONE, position='sincos_3d'),
    predictor=dict(PREDICTOR, position='sincos_3d', num_mask_tokens=2),
)


def build(cfg=VJEPA, **changes):
    """Build a model whose biases, mask tokens and average have values of their own."""
    torch.manual_seed(0)
    model = MODELS.build({**cfg, **changes})
    model.init_weights()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.double()


def batch(seed=0, size=BATCH):
    generator = torch.Generator().manual_seed(seed)
    shape = (size, 3, FRAMES, SIZE, SIZE)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def loss_of(model, clips, seed=0):
    torch.manual_seed(seed)
    return model([clips], [], mode='loss')['loss_prediction']


class Drawn(nn.Module):
    """Masks that are given."""

    def __init__(self, seen, hidden):
        super().__init__()
        self.seen, self.hidden = torch.tensor(seen), torch.tensor(hidden)

    def forward(self, num_samples, grid, generator):
        assert (num_samples, grid) == (len(self.seen), GRID)
        return self.seen, self.hidden


# The reference: one token, head and pair at a time, in NumPy.


def norm(x, weight=1.0, bias=0.0, eps=1e-6):
    return (x - x.mean()) / math.sqrt(x.var() + eps) * weight + bias


def rotated(x, place):
    """Rotate a head's query or key as V-JEPA 2 does, by time, row and column."""
    length, result = 2 * (len(x) // 6), x.copy()
    for axis in range(3):
        for d in range(length):
            angle = place[axis] * 10000 ** (-(d % (length // 2)) / (length / 2))
            at = axis * length + d
            partner = -x[at + 1] if d % 2 == 0 else x[at - 1]
            result[at] = x[at] * math.cos(angle) + partner * math.sin(angle)
    return result


def attention(tokens, places, weights, prefix, heads):
    qkv = [weights[f'{prefix}qkv.weight'] @ t + weights[f'{prefix}qkv.bias'] for t in tokens]
    width = len(tokens[0])
    length = width // heads
    joined = [np.zeros(width) for _ in tokens]
    for head in range(heads):
        part = slice(head * length, (head + 1) * length)
        queries, keys, values = (
            [row[kind * width : (kind + 1) * width][part] for row in qkv] for kind in range(3)
        )
        queries, keys = (
            [rotated(x, place) for x, place in zip(rows, places, strict=True)]
            for rows in (queries, keys)
        )
        for i, query in enumerate(queries):
            shares = [math.exp(query @ key / math.sqrt(length)) for key in keys]
            joined[i][part] = sum(
                share * value for share, value in zip(shares, values, strict=True)
            ) / sum(shares)
    return [weights[f'{prefix}proj.weight'] @ t + weights[f'{prefix}proj.bias'] for t in joined]


def mlp(token, weights, prefix):
    hidden = weights[f'{prefix}fc1.weight'] @ token + weights[f'{prefix}fc1.bias']
    hidden = np.array([x * 0.5 * (1 + math.erf(x / math.sqrt(2))) for x in hidden])
    return weights[f'{prefix}fc2.weight'] @ hidden + weights[f'{prefix}fc2.bias']


def transformed(tokens, places, weights, blocks, heads):
    for number in range(2):
        name = f'{blocks}.{number}.'
        n1, n2 = (
            (weights[f'{name}{n}.weight'], weights[f'{name}{n}.bias']) for n in ('norm1', 'norm2')
        )
        added = attention([norm(t, *n1) for t in tokens], places, weights, f'{name}attn.', heads)
        tokens = [t + a for t, a in zip(tokens, added, strict=True)]
        tokens = [t + mlp(norm(t, *n2), weights, f'{name}mlp.') for t in tokens]
    return tokens


def place_of(number):
    return number // (GRID[1] * GRID[2]), number // GRID[2] % GRID[1], number % GRID[2]


def encoded(clip, numbers, weights):
    """The tokens of these numbers, of a network that sees no others."""
    tokens = []
    for number in numbers:
        t, row, column = place_of(number)
        rows, columns = (slice(n * PATCH, (n + 1) * PATCH) for n in (row, column))
        patch = clip[:, 2 * t : 2 * t + 2, rows, columns]
        projected = [(kernel * patch).sum() for kernel in weights['patch_embed.proj.weight']]
        tokens.append(np.array(projected) + weights['patch_embed.proj.bias'])
    places = [place_of(number) for number in numbers]
    tokens = transformed(tokens, places, weights, 'blocks', HEADS)
    return [norm(t, weights['norm.weight'], weights['norm.bias']) for t in tokens]


def predicted(context, seen, hidden, weights):
    tokens = [
        weights['predictor_embed.weight'] @ t + weights['predictor_embed.bias'] for t in context
    ]
    tokens += [weights['mask_tokens.0'].flatten()] * len(hidden)
    # In the order of their positions, as in the authors' code.
    order = sorted(range(len(tokens)), key=lambda i: [*seen, *hidden][i])
    places = [place_of([*seen, *hidden][i]) for i in order]
    tokens = transformed(
        [tokens[i] for i in order], places, weights, 'predictor_blocks', NARROW_HEADS
    )
    result = []
    for i in range(len(seen), len(order)):
        token = tokens[order.index(i)]
        token = norm(token, weights['predictor_norm.weight'], weights['predictor_norm.bias'])
        result.append(weights['predictor_proj.weight'] @ token + weights['predictor_proj.bias'])
    return result


def arrays(module):
    return {name: value.numpy() for name, value in module.state_dict().items()}


def test_loss_equals_a_literal_reference():
    model, clips = build(), batch(size=2)
    seen = [[[0, 3, 7, 12, 30], [1, 2, 16, 20, 31]], [[5, 6], [9, 25]]]
    hidden = [[[1, 2, 13], [4, 5, 17]], [[0, 8, 16, 31], [3, 7, 12, 30]]]
    model.masks = nn.ModuleList(Drawn(*split) for split in zip(seen, hidden, strict=True))
    backbone, average = arrays(model.backbone), arrays(model.momentum_backbone)
    predictor = arrays(model.predictor)
    expected = 0.0
    for clip, of_sets in zip(clips.numpy(), zip(*seen, *hidden, strict=True), strict=True):
        features = [norm(t, eps=1e-5) for t in encoded(clip, range(32), average)]
        for kept, left in zip(of_sets[:2], of_sets[2:], strict=True):
            guesses = predicted(encoded(clip, kept, backbone), kept, left, predictor)
            errors = [abs(g - features[n]).mean() for g, n in zip(guesses, left, strict=True)]
            expected += sum(errors) / len(errors) / 4  # 2 clips, 2 sets
    assert loss_of(model, clips).item() == pytest.approx(expected, rel=1e-9)


def test_what_is_hidden_changes_targets_only():
    model, clips = build(masks=MASKS[:1]), batch()
    seen, hidden = [[0, 1, 21]] * BATCH, [[14, 15]] * BATCH  # 14 is row 3, column 2 of time 0
    model.masks = nn.ModuleList([Drawn(seen, hidden)])
    calls = []
    model.criterion.forward = lambda *pair: calls.append(pair) or feature_l1(*pair)
    loss_of(model, clips)
    changed = clips.clone()
    changed[:, :, :2, 24:, 16:24] += 1
    loss_of(model, changed)
    (first, targets), (second, other_targets) = calls
    assert torch.equal(first, second)
    assert (targets - other_targets).abs().max() > 1e-3
    assert not targets.requires_grad


def test_gradients_reach_the_online_network_alone():
    for cfg in (VJEPA, VJEPA1):
        model = build(cfg)
        loss_of(model, batch()).backward()
        for name, parameter in model.named_parameters():
            is_average = name.startswith('momentum_')
            assert (parameter.grad is None) == is_average, name
            assert is_average or parameter.grad.abs().sum() > 0, name


def test_checkpointing_changes_no_gradient():
    plain = build()
    saving = build(backbone=dict(BACKBONE, with_cp=True), predictor=dict(PREDICTOR, with_cp=True))
    for model in (plain, saving):
        loss_of(model, batch()).backward()
    for (name, one), other in zip(plain.named_parameters(), saving.parameters(), strict=True):
        if one.requires_grad:
            torch.testing.assert_close(one.grad, other.grad, rtol=1e-12, atol=1e-15, msg=name)


def test_each_mask_set_has_its_token():
    predictor = MODELS.build(dict(PREDICTOR, num_mask_tokens=2)).double()
    predictor.init_weights()
    with torch.no_grad():
        predictor.mask_tokens[1].normal_()
    context = torch.randn(1, 2, WIDTH, dtype=torch.float64)
    numbers = torch.tensor([[0, 9]]), torch.tensor([[3, 5]])
    first, second, third = (predictor(context, *numbers, GRID, mask_set=i) for i in range(3))
    assert not torch.allclose(first, second)
    assert torch.equal(first, third)


def train():
    """Take two steps on this process's share of the batches, which are handed out in turn."""
    model = build(masks=[dict(mask, across_processes=True) for mask in MASKS])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    for step in range(2):
        torch.manual_seed(100 * get_rank() + step)  # as the runner does: a seed for each process
        clips = batch(step)[get_rank() :: get_world_size()]
        loss = model([clips], [], mode='loss')['loss_prediction']
        optimizer.zero_grad()
        loss.backward()
        for parameter in model.parameters():  # as DistributedDataParallel averages
            if get_world_size() > 1 and parameter.grad is not None:
                torch.distributed.all_reduce(parameter.grad)
                parameter.grad /= get_world_size()
        optimizer.step()
        model.update_after_step()
        losses.append(loss.detach())
    return dict(losses=torch.stack(losses), state=model.state_dict())


def test_two_processes_train_as_one():
    one, two = train(), run_on_processes(train, 2)
    losses = torch.stack([result['losses'] for result in two]).mean(dim=0)
    torch.testing.assert_close(losses, one['losses'], rtol=1e-9, atol=1e-9)
    assert not torch.equal(two[0]['losses'], two[1]['losses'])
    for result in two:
        for place, value in one['state'].items():
            torch.testing.assert_close(
                result['state'][place], value, rtol=1e-9, atol=1e-9, msg=place
            )


def colourful(generator, size=8):
    """Clips of one colour each, with noise."""
    colours = torch.randn(size, 3, 1, 1, 1, generator=generator)
    return colours + 0.1 * torch.randn(size, 3, FRAMES, SIZE, SIZE, generator=generator)


@pytest.mark.slow
def test_training_predicts_hidden_features_of_the_same_video():
    """Videos that were not seen: predictions fit their own hidden tokens, not those of others."""
    torch.manual_seed(0)
    model = MODELS.build(dict(VJEPA, momentum=0.95))
    model.init_weights()
    optimizer, generator = torch.optim.AdamW(model.parameters(), 3e-3), torch.Generator()
    for step in range(80):
        loss = loss_of(model, colourful(generator.manual_seed(step)), step)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        model.update_after_step()
    clips = colourful(generator.manual_seed(1000))
    with torch.no_grad():
        own = loss_of(model, clips)
        average = model.momentum_backbone
        encode = average.forward
        average.forward = lambda seen: encode(seen.roll(1, dims=0))
        others = loss_of(model, clips)
    assert own < 0.3 * others
    assert others > 0.5  # the features have not become the same


def test_initial_weights_shrink_with_depth():
    torch.manual_seed(0)
    cfg = dict(VJEPA, backbone=dict(BACKBONE, embed_dims=192, num_heads=4, depth=6))
    cfg['backbone']['init_cfg'] = dict(type='vsslbox.DepthScaledNormal')
    cfg['predictor'] = dict(PREDICTOR, in_channels=192, embed_dims=96, depth=4)
    model = MODELS.build(cfg)
    model.init_weights()
    for blocks in (model.backbone.blocks, model.predictor.predictor_blocks):
        for number, block in enumerate(blocks, start=1):
            for linear in (block.attn.qkv, block.mlp.fc1):
                assert linear.weight.std().item() == pytest.approx(0.02, rel=0.03)
            for linear in (block.attn.proj, block.mlp.fc2):
                expected = 0.02 / math.sqrt(2 * number)
                assert linear.weight.std().item() == pytest.approx(expected, rel=0.03)
                assert not linear.bias.any()
    for layer in (model.backbone.patch_embed.proj, model.predictor.predictor_embed):
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.03)
    assert not any(token.any() for token in model.predictor.mask_tokens)
    average = model.momentum_backbone.state_dict()
    for name, value in model.backbone.state_dict().items():
        assert torch.equal(average[name], value), name


def test_linear_momentum_equals_the_authors_schedule():
    """``ema[0] + i * (ema[1] - ema[0]) / (ipe * epochs * ipe_scale)`` for iteration i."""
    schedule, steps = LinearMomentum(0.998, 1.0, stretch=1.25), 40
    for i in range(steps):
        expected = 0.998 + i * (1.0 - 0.998) / (steps * 1.25)
        assert schedule(i / steps) == pytest.approx(expected, rel=1e-15)
    assert schedule(1) == pytest.approx(0.9996)
    with pytest.raises(InputError, match='base and end of LinearMomentum must be within'):
        LinearMomentum(1.1)
    with pytest.raises(InputError, match='stretch of LinearMomentum must be at least 1'):
        LinearMomentum(stretch=0.5)


def test_wrong_use_is_explained():
    with pytest.raises(InputError, match=r'VJEPA takes 1 view, got 2'):
        build()([batch(), batch()], [], mode='loss')
    with pytest.raises(InputError, match='needs at least one set of `masks`'):
        build(masks=[])
    with pytest.raises(InputError, match=r'such as `VideoViT`, got R3DResNet'):
        build(backbone=dict(type='R3DResNet', depth=18, base_channels=4))
    with pytest.raises(InputError, match=r'in_channels=20, a token .* has 24 features'):
        build(predictor=dict(PREDICTOR, in_channels=20))
    with pytest.raises(InputError, match='num_mask_tokens must be at least 1'):
        MODELS.build(dict(PREDICTOR, num_mask_tokens=0))
    with pytest.raises(InputError, match='position must be one of sincos_3d, rope, rope_paired'):
        MODELS.build(dict(PREDICTOR, position='sincos'))
    with pytest.raises(InputError, match='rotary positions need heads of an even number'):
        MODELS.build(dict(PREDICTOR, num_heads=4))


@pytest.mark.slow
def test_tokens_and_predictions_equal_those_of_transformers():
    """Random weights of ``VJEPA2Model``, under our names, in float32."""
    transformers = pytest.importorskip('transformers')
    torch.manual_seed(0)
    config = transformers.VJEPA2Config(
        hidden_size=WIDTH,
        num_attention_heads=HEADS,
        num_hidden_layers=2,
        mlp_ratio=4.0,
        crop_size=SIZE,
        patch_size=PATCH,
        frames_per_clip=FRAMES,
        tubelet_size=2,
        pred_hidden_size=NARROW,
        pred_num_attention_heads=NARROW_HEADS,
        pred_num_hidden_layers=2,
        pred_num_mask_tokens=3,
        attn_implementation='eager',
    )
    theirs = transformers.VJEPA2Model(config).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.2)
    ours = build(predictor=dict(PREDICTOR, num_mask_tokens=3)).float().eval()
    weights = {}
    for name, value in theirs.state_dict().items():
        if name.endswith('mask_tokens'):
            weights |= {f'predictor.mask_tokens.{k}': v for k, v in enumerate(value)}
        else:
            weights[renamed(name)] = value
    for name in [name for name in weights if '.query.' in name]:
        parts = [weights.pop(name.replace('query', kind)) for kind in ('query', 'key', 'value')]
        weights[name.replace('query', 'qkv')] = torch.cat(parts)
    own = {n for n in ours.state_dict() if n.startswith(('backbone.', 'predictor.'))}
    assert set(weights) == own
    ours.load_state_dict(weights, strict=False)

    clips = batch(size=2).float()
    seen = torch.tensor([[0, 3, 7, 12, 30], [1, 2, 16, 20, 31]])
    hidden = torch.tensor([[1, 2, 13], [4, 5, 17]])
    with torch.no_grad():
        expected = theirs(clips.transpose(1, 2), [seen], [hidden])
        tokens = ours.backbone.tokens(clips)
        context = tokens.take_along_dim(seen[..., None], dim=1)
        prediction = ours.predictor(context, seen, hidden, GRID, mask_set=1)
    close = dict(rtol=0, atol=1e-5)
    torch.testing.assert_close(context, expected.masked_hidden_state, **close)
    predictor = expected.predictor_output
    torch.testing.assert_close(prediction, predictor.last_hidden_state, **close)
    targets = tokens.take_along_dim(hidden[..., None], dim=1)
    torch.testing.assert_close(targets, predictor.target_hidden_state, **close)


def renamed(name):
    """Return our name of a tensor of transformers."""
    pairs = {
        'encoder.embeddings.patch_embeddings.': 'backbone.patch_embed.',
        'encoder.layer.': 'backbone.blocks.',
        'encoder.layernorm.': 'backbone.norm.',
        'predictor.embeddings.predictor_embeddings.': 'predictor.predictor_embed.',
        'predictor.layer.': 'predictor.predictor_blocks.',
        'predictor.layernorm.': 'predictor.predictor_norm.',
        'predictor.proj.': 'predictor.predictor_proj.',
        '.attention.': '.attn.',
    }
    for theirs, ours in pairs.items():
        name = name.replace(theirs, ours)
    return name
