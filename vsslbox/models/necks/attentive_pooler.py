"""Pooling of tokens by attention."""

import math
from collections import OrderedDict
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.utils.transformer_block import TransformerBlock
from vsslbox.registry import MODELS

__all__ = ['AttentivePooler', 'attend_together']

EPS = 1e-5
INIT_STD = 0.02


@MODELS.register_module()
class AttentivePooler(nn.Module):
    """Self-attention among the tokens of a video, then attention of one learned query to them.

    Tokens get no positions: their order does not matter.

    Parameters have the names of the authors' code: ``query_tokens``, ``blocks.I``,
    ``cross_attention_block.norm1``, ``.xattn.q``, ``.xattn.kv``, ``.norm2``, ``.mlp.fc1``,
    ``.mlp.fc2``. The cross-attention has no projection of its output, and its first norm is of keys
    and values alone.

    Sources: Bardes et al., "Revisiting Feature Prediction for Learning Visual Representations from
    Video", 2024 (depth 1); Assran et al., "V-JEPA 2", 2025 (depth 4), and their code.

    Args:
        in_channels: The width of a token, D.
        depth: The number of blocks; the last one is the cross-attention.
        num_heads: The heads of the attention, which divide D.
        mlp_ratio: The width of the hidden layers relative to D.

    Raises:
        InputError: ``depth`` is not positive, or ``num_heads`` does not divide D.
    """

    def __init__(
        self, in_channels: int, depth: int = 4, num_heads: int = 16, mlp_ratio: float = 4.0
    ) -> None:
        super().__init__()
        if depth < 1:
            raise InputError(f'depth of an attentive pooler must be positive, got {depth}')
        if num_heads < 1 or in_channels % num_heads:
            raise InputError(
                f'num_heads={num_heads} of an attentive pooler must divide the width of a token, '
                f'which is {in_channels}'
            )
        self.depth = depth
        self.num_heads = num_heads
        self.query_tokens = nn.Parameter(torch.zeros(1, 1, in_channels))
        self.cross_attention_block = _CrossAttentionBlock(in_channels, mlp_ratio)
        self.blocks = nn.ModuleList(
            TransformerBlock(in_channels, num_heads, mlp_ratio, norm_eps=EPS)
            for _ in range(depth - 1)
        )
        self._init()

    def forward(self, tokens: Tensor) -> Tensor:
        """Pool tokens ``[N, L, D]`` to ``[N, D]``."""
        for block in self.blocks:
            tokens = block(tokens)
        weights = {name: weight[None] for name, weight in self.named_parameters()}
        return attend_together(weights, self.num_heads, tokens)[0]

    @torch.no_grad()
    def _init(self) -> None:
        nn.init.trunc_normal_(self.query_tokens, std=INIT_STD)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=INIT_STD)
                nn.init.zeros_(module.bias)
        for number, block in enumerate([*self.blocks, self.cross_attention_block], start=1):
            outputs = (
                [block.mlp.fc2, block.attn.proj] if hasattr(block, 'attn') else [block.mlp.fc2]
            )
            for layer in outputs:
                layer.weight /= math.sqrt(2 * number)


class _CrossAttentionBlock(nn.Module):
    """The parameters of a block that :func:`attend_together` computes."""

    def __init__(self, channels: int, mlp_ratio: float) -> None:
        super().__init__()
        hidden = round(channels * mlp_ratio)
        self.norm1 = nn.LayerNorm(channels, eps=EPS)
        self.xattn = nn.ModuleDict(
            dict(q=nn.Linear(channels, channels), kv=nn.Linear(channels, 2 * channels))
        )
        self.norm2 = nn.LayerNorm(channels, eps=EPS)
        layers = dict(
            fc1=nn.Linear(channels, hidden), act=nn.GELU(), fc2=nn.Linear(hidden, channels)
        )
        self.mlp = nn.Sequential(OrderedDict(layers))


def attend_together(weights: Mapping[str, Tensor], num_heads: int, tokens: Tensor) -> Tensor:
    """Pool the same tokens by the cross-attention of several poolers of one shape.

    A single query needs no key and no value of each token. The product of the query with a key is
    that of the token with the query mapped back by the keys' weights, and the weighted mean of
    values is the value of the weighted mean of tokens. So each token costs 2 D products for every
    head instead of 2 D^2 for every pooler, and its normalisation is shared by all poolers.

    Args:
        weights: The parameters of P poolers by name, ``[P, ...]``.
        num_heads: The heads of the attention of each.
        tokens: ``[N, L, D]``.

    Returns:
        ``[P, N, D]``.
    """
    dims = tokens.shape[-1] // num_heads
    block = 'cross_attention_block'
    scale, shift = (weights[f'{block}.norm1.{kind}'] for kind in ('weight', 'bias'))  # [P, D]
    query = weights['query_tokens'].flatten(1)[:, None]  # [P, 1, D]
    split = (2, num_heads, dims)
    key, value = weights[f'{block}.xattn.kv.weight'].unflatten(1, split).unbind(1)
    value_bias = weights[f'{block}.xattn.kv.bias'].unflatten(1, split)[:, 1]

    tokens = F.layer_norm(tokens, tokens.shape[-1:], eps=EPS)
    mapped = _linear(weights, f'{block}.xattn.q', query)  # [P, 1, D]
    mapped = mapped.view(-1, num_heads, 1, dims) @ key  # [P, heads, 1, D]
    mapped = (mapped * scale[:, None, None]).flatten(0, 2).expand(len(tokens), -1, -1)
    # The biases of keys and norm add the same to every token's score, which changes no weight.
    means = F.scaled_dot_product_attention(mapped, tokens, tokens, scale=dims**-0.5)
    means = means.unflatten(1, (-1, num_heads)).permute(1, 2, 0, 3)  # [P, heads, N, D]
    means = means * scale[:, None, None] + shift[:, None, None]
    attended = means @ value.mT + value_bias[:, :, None]  # [P, heads, N, D / heads]
    pooled = query + attended.transpose(1, 2).flatten(2)  # [P, N, D]

    normed = F.layer_norm(pooled, pooled.shape[-1:], eps=EPS)
    scale, shift = (weights[f'{block}.norm2.{kind}'][:, None] for kind in ('weight', 'bias'))
    hidden = F.gelu(_linear(weights, f'{block}.mlp.fc1', normed * scale + shift))
    return pooled + _linear(weights, f'{block}.mlp.fc2', hidden)


def _linear(weights: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    """Map ``[P, N, D]`` by the layer of each pooler.

    The weight comes first in the product, so that its gradient has its layout and is not copied.
    """
    return torch.baddbmm(weights[f'{name}.bias'][:, :, None], weights[f'{name}.weight'], x.mT).mT
