"""The block of vision transformers."""

from collections import OrderedDict
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from mmcv.cnn.bricks import DropPath
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from vsslbox.errors import InputError
from vsslbox.models.utils.token_positions import rotate

__all__ = ['TransformerBlock', 'run_blocks']


class TransformerBlock(nn.Module):
    """Self-attention and an MLP, each on normalised tokens and added to them (pre-norm).

    Parameters have the names of timm, which the code of VideoMAE and V-JEPA uses: ``norm1``,
    ``attn.qkv``, ``attn.proj``, ``norm2``, ``mlp.fc1``, ``mlp.fc2``.

    Args:
        embed_dims: The width of a token, D.
        num_heads: The heads of the attention, which divide D.
        mlp_ratio: The width of the MLP relative to D.
        qkv_bias: True for a bias of queries, keys and values; ``'no_key'`` for parameters
            ``attn.q_bias`` and ``attn.v_bias`` and no bias of keys (VideoMAE); False for none.
        drop_path_rate: The share of samples for which a branch is left out in training.
        norm_eps: The epsilon of both norms.
    """

    def __init__(
        self,
        embed_dims: int,
        num_heads: int,
        mlp_ratio: float = 4.0,
        qkv_bias: bool | str = True,
        drop_path_rate: float = 0.0,
        norm_eps: float = 1e-6,
    ) -> None:
        super().__init__()
        hidden = round(embed_dims * mlp_ratio)
        self.norm1 = nn.LayerNorm(embed_dims, eps=norm_eps)
        self.attn = _Attention(embed_dims, num_heads, qkv_bias)
        self.norm2 = nn.LayerNorm(embed_dims, eps=norm_eps)
        layers = dict(
            fc1=nn.Linear(embed_dims, hidden), act=nn.GELU(), fc2=nn.Linear(hidden, embed_dims)
        )
        self.mlp = nn.Sequential(OrderedDict(layers))
        self.drop_path = DropPath(drop_path_rate) if drop_path_rate else nn.Identity()

    def forward(self, tokens: Tensor, rotary: Tensor | None = None) -> Tensor:
        """Transform tokens ``[N, L, D]``.

        Args:
            tokens: ``[N, L, D]``.
            rotary: Rows of :func:`rotary_table` for queries and keys, ``[L, 2, D / heads]`` or
                ``[N, L, 2, D / heads]``.
        """
        tokens = tokens + self.drop_path(self.attn(self.norm1(tokens), rotary))
        return tokens + self.drop_path(self.mlp(self.norm2(tokens)))


class _Attention(nn.Module):
    """Multi-head self-attention."""

    rotate = staticmethod(rotate)  # ImageViT has another one

    def __init__(self, embed_dims: int, num_heads: int, qkv_bias: bool | str) -> None:
        super().__init__()
        if qkv_bias not in (True, False, 'no_key'):
            raise InputError(f"qkv_bias must be True, False or 'no_key', got {qkv_bias!r}")
        if embed_dims % num_heads:
            raise InputError(f'num_heads={num_heads} must divide embed_dims={embed_dims}')
        self.num_heads = num_heads
        self.qkv = nn.Linear(embed_dims, 3 * embed_dims, bias=qkv_bias is True)
        if qkv_bias == 'no_key':
            self.q_bias = nn.Parameter(torch.zeros(embed_dims))
            self.v_bias = nn.Parameter(torch.zeros(embed_dims))
        self.proj = nn.Linear(embed_dims, embed_dims)

    def forward(self, x: Tensor, rotary: Tensor | None) -> Tensor:
        qkv = self.qkv(x)
        if hasattr(self, 'q_bias'):
            qkv = qkv + torch.cat([self.q_bias, torch.zeros_like(self.v_bias), self.v_bias])
        q, k, v = qkv.unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        if rotary is not None:
            q, k = self.rotate(q, rotary), self.rotate(k, rotary)
        x = F.scaled_dot_product_attention(q, k, v)  # [N, heads, L, D / heads]
        return self.proj(x.transpose(1, 2).flatten(2))


def run_blocks(
    blocks: Iterable[nn.Module], tokens: Tensor, rotary: Tensor | None = None, again: bool = False
) -> Tensor:
    """Transform tokens ``[N, L, D]`` by blocks, one after the other.

    Args:
        blocks: The blocks.
        tokens: As for :class:`TransformerBlock`.
        rotary: As for :class:`TransformerBlock`.
        again: Whether each block is computed again in the backward pass, which saves memory.
    """
    for block in blocks:
        if again and torch.is_grad_enabled():
            tokens = checkpoint(block, tokens, rotary, use_reentrant=False)
        else:
            tokens = block(tokens, rotary)
    return tokens
