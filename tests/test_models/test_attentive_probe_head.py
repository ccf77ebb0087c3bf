"""The attentive probe against literal loops, and against transformers' with the same weights."""

import math

import pytest
import torch
from torch import nn

from vsslbox.errors import InputError
from vsslbox.models.heads.attentive_probe_head import (
    AttentiveProbeHead,
    score_together,
    stack_weights,
)

D, HEADS, CLASSES = 12, 3, 4


def probe(depth=1, **kwargs):
    """A probe in float64 with random weights, biases and norms included."""
    head = AttentiveProbeHead(D, CLASSES, depth=depth, num_heads=HEADS, **kwargs).double()
    for parameter in head.parameters():
        nn.init.normal_(parameter, std=0.4)
    return head


def literal_norm(x, norm):
    mean = sum(x) / len(x)
    variance = sum((value - mean) ** 2 for value in x) / len(x)
    rows = [(value - mean) / (variance + 1e-5) ** 0.5 for value in x]
    return torch.stack([g * row + b for g, row, b in zip(norm.weight, rows, norm.bias)])


def literal_linear(x, weight, bias):
    return torch.stack([sum(w * value for w, value in zip(row, x)) for row in weight]) + bias


def literal_mlp(x, mlp):
    hidden = literal_linear(x, mlp.fc1.weight, mlp.fc1.bias)
    hidden = hidden * (1 + torch.erf(hidden / math.sqrt(2))) / 2
    return literal_linear(hidden, mlp.fc2.weight, mlp.fc2.bias)


def literal_attention(query, keys, values):
    """Attention of one query, ``[D]`` each, in parts of D / HEADS numbers."""
    parts = []
    for head in range(HEADS):
        own = slice(head * D // HEADS, (head + 1) * D // HEADS)
        scores = torch.stack([(query[own] * key[own]).sum() for key in keys])
        weights = (scores / (D / HEADS) ** 0.5).exp()
        weights = weights / weights.sum()
        parts.append(sum(w * value[own] for w, value in zip(weights, values)))
    return torch.cat(parts)


def literal_scores(head, tokens):
    """Score the tokens ``[L, D]`` of one video."""
    for block in head.pooler.blocks:
        normed = [literal_norm(token, block.norm1) for token in tokens]
        qkv = [literal_linear(x, block.attn.qkv.weight, block.attn.qkv.bias) for x in normed]
        queries, keys, values = zip(*[x.split(D) for x in qkv])
        attended = [literal_attention(query, keys, values) for query in queries]
        proj = block.attn.proj
        tokens = [x + literal_linear(a, proj.weight, proj.bias) for x, a in zip(tokens, attended)]
        tokens = [x + literal_mlp(literal_norm(x, block.norm2), block.mlp) for x in tokens]
    block, query = head.pooler.cross_attention_block, head.pooler.query_tokens[0, 0]
    layer = block.xattn
    normed = [literal_norm(token, block.norm1) for token in tokens]
    pairs = [literal_linear(x, layer.kv.weight, layer.kv.bias).split(D) for x in normed]
    keys, values = zip(*pairs)
    mapped = literal_linear(query, layer.q.weight, layer.q.bias)
    pooled = query + literal_attention(mapped, keys, values)
    pooled = pooled + literal_mlp(literal_norm(pooled, block.norm2), block.mlp)
    return literal_linear(pooled, head.linear.weight, head.linear.bias)


@pytest.mark.slow
@pytest.mark.parametrize('depth', [1, 3])
def test_scores_and_gradients_are_those_of_literal_loops(depth):
    head = probe(depth)
    tokens = 3 * torch.randn(2, 5, D, dtype=torch.float64) + 1
    scores = head(tokens)
    expected = torch.stack([literal_scores(head, own) for own in tokens])
    torch.testing.assert_close(scores, expected, rtol=0, atol=1e-12)
    weights = dict(head.named_parameters())
    factors = torch.randn_like(scores)
    found, literal = (
        torch.autograd.grad((factors * values).sum(), list(weights.values()))
        for values in (scores, expected)
    )
    for name, own, other in zip(weights, found, literal):
        torch.testing.assert_close(own, other, rtol=0, atol=1e-10, msg=name)


def test_several_heads_together_score_as_each_alone():
    heads = [probe() for _ in range(4)]
    tokens = torch.randn(3, 6, D, dtype=torch.float64)
    together = score_together(stack_weights(heads), HEADS, tokens)
    alone = torch.stack([head(tokens) for head in heads])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-13)


def test_the_order_of_tokens_does_not_matter():
    head = probe(3)
    tokens = torch.randn(2, 7, D, dtype=torch.float64)
    torch.testing.assert_close(head(tokens.flip(1)), head(tokens), rtol=0, atol=1e-12)


def test_parameters_have_the_authors_names():
    block = {
        f'{name}.{kind}'
        for name in ('norm1', 'norm2', 'mlp.fc1', 'mlp.fc2')
        for kind in ('weight', 'bias')
    }
    cross = block | {f'xattn.{name}.{kind}' for name in ('q', 'kv') for kind in ('weight', 'bias')}
    own = block | {f'attn.{name}.{kind}' for name in ('qkv', 'proj') for kind in ('weight', 'bias')}
    expected = {'pooler.query_tokens', 'linear.weight', 'linear.bias'}
    expected |= {f'pooler.cross_attention_block.{name}' for name in cross}
    expected |= {f'pooler.blocks.{number}.{name}' for number in (0, 1, 2) for name in own}
    head = AttentiveProbeHead(D, CLASSES, num_heads=HEADS)
    assert set(head.state_dict()) == expected
    assert head.pooler.query_tokens.shape == (1, 1, D)
    assert head.pooler.cross_attention_block.xattn.kv.weight.shape == (2 * D, D)


def test_start_weights():
    """A normal distribution; the outputs of block l are divided by sqrt(2 l)."""
    head = AttentiveProbeHead(128, CLASSES, depth=3, num_heads=4)
    pooler = head.pooler
    for number, block in enumerate([*pooler.blocks, pooler.cross_attention_block], start=1):
        assert block.mlp.fc1.weight.std().item() == pytest.approx(0.02, rel=0.05)
        expected = 0.02 / math.sqrt(2 * number)
        assert block.mlp.fc2.weight.std().item() == pytest.approx(expected, rel=0.05)
        assert not block.mlp.fc1.bias.any()
        if number < 3:
            assert block.attn.proj.weight.std().item() == pytest.approx(expected, rel=0.05)
    assert pooler.query_tokens.std().item() == pytest.approx(0.02, rel=0.3)


def test_errors():
    with pytest.raises(InputError, match=r'num_heads=5 of an attentive pooler must divide .* 12'):
        AttentiveProbeHead(D, CLASSES, num_heads=5)
    with pytest.raises(InputError, match='depth of an attentive pooler must be positive, got 0'):
        AttentiveProbeHead(D, CLASSES, depth=0)


def authors_names(weights):
    """Rename the pooler and the classifier of transformers."""
    renamed = {}
    for name, value in weights.items():
        for theirs, ours in (
            ('classifier', 'linear'),
            ('cross_attention_layer', 'cross_attention_block'),
            ('self_attention_layers', 'blocks'),
            ('layer_norm', 'norm'),
            ('cross_attn.q_proj', 'xattn.q'),
            ('self_attn.out_proj', 'attn.proj'),
        ):
            name = name.replace(theirs, ours)
        renamed[name] = value
    for name in [name for name in renamed if 'attn.k_proj' in name]:
        names = [name.replace('k_proj', part) for part in ('q_proj', 'k_proj', 'v_proj')]
        parts = [renamed.pop(part) for part in names if part in renamed]
        joint = 'attn.qkv' if 'self_attn' in name else 'xattn.kv'
        kind = name.removesuffix('.weight').removesuffix('.bias')
        stem = kind.replace('self_attn.k_proj', joint).replace('cross_attn.k_proj', joint)
        renamed[stem + name.removeprefix(kind)] = torch.cat(parts)
    return renamed


@pytest.mark.slow
def test_it_is_the_probe_of_transformers():
    transformers = pytest.importorskip('transformers')
    sizes = dict(hidden_size=D, num_attention_heads=HEADS, num_pooler_layers=3, mlp_ratio=4)
    encoder = dict(num_hidden_layers=1, crop_size=32, frames_per_clip=2, pred_hidden_size=12)
    config = transformers.VJEPA2Config(
        # The probe has another epsilon than the encoder; transformers has one for both.
        **sizes, **encoder, pred_num_attention_heads=3, num_labels=CLASSES, layer_norm_eps=1e-5
    )  # fmt: skip
    theirs = transformers.VJEPA2ForVideoClassification(config).eval().double()
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.4)
    state = {n: v for n, v in theirs.state_dict().items() if n.startswith(('pooler', 'classifier'))}
    head = AttentiveProbeHead(D, CLASSES, num_heads=HEADS).double()
    head.load_state_dict(authors_names(state))
    tokens = 2 * torch.randn(3, 8, D, dtype=torch.float64)
    expected = theirs.classifier(theirs.pooler(tokens))
    torch.testing.assert_close(head(tokens), expected, rtol=0, atol=1e-12)
