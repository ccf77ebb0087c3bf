"""A vision transformer for clips, as VideoMAE, MAE and V-JEPA pretrain it."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.models.backbones.vit_mae import get_sinusoid_encoding
from mmengine.model import BaseModule, ModuleList
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.utils.token_positions import (
    rotary_table,
    sincos_3d_table,
    sincos_quarters_table,
)
from vsslbox.models.utils.transformer_block import TransformerBlock, run_blocks
from vsslbox.registry import MODELS

__all__ = ['TubeletEmbed', 'VideoViT']

# Width, depth, heads, width of the MLP relative to the first.
SIZES = dict(
    tiny=(192, 12, 3, 4.0),
    small=(384, 12, 6, 4.0),
    base=(768, 12, 12, 4.0),
    large=(1024, 24, 16, 4.0),
    huge=(1280, 32, 16, 4.0),
    giant=(1408, 40, 16, 48 / 11),
    gigantic=(1664, 48, 26, 64 / 13),
)
POSITIONS = (
    'sincos',
    'sincos_3d',
    'sincos_quarters',
    'learnt_separable',
    'rope',
    'rope_paired',
)
# What is learnt beside the modules, with the options that have it.
LEARNT = ('cls_token', 'pos_embed_class', 'pos_embed_spatial', 'pos_embed_temporal')
INIT = dict(type='TruncNormal', layer='Linear', std=0.02)


@MODELS.register_module()
class VideoViT(BaseModule):
    """A transformer on tokens of ``tubelet_size`` frames of ``patch_size`` x ``patch_size`` pixels.

    Modules have the names of the authors' code: ``patch_embed.proj``, ``blocks.I.norm1``,
    ``blocks.I.attn.qkv``, ``blocks.I.attn.proj``, ``blocks.I.norm2``, ``blocks.I.mlp.fc1``,
    ``blocks.I.mlp.fc2``, ``norm``; with the options that have them ``cls_token``,
    ``pos_embed_class``, ``pos_embed_spatial``, ``pos_embed_temporal``. Other positions are not in
    the state dict. Tokens and maps are those of the patches, without the class token.
    The class is not derived from mmaction2's ``VisionTransformer``, since all but its position
    table would be replaced: the names, the explicit attention matrix, and the forward pass.

    ========= ===== ===== ===== ========================= ==============
    arch      width depth heads MLP                       parameters
    ========= ===== ===== ===== ========================= ==============
    tiny        192    12     3 4                         5.6 million
    small       384    12     6 4                         21.9 million
    base        768    12    12 4                         86.2 million
    large      1024    24    16 4                         303.9 million
    huge       1280    32    16 4                         631.6 million
    giant      1408    40    16 48/11 (V-JEPA: 22 heads)  1012.2 million
    gigantic   1664    48    26 64/13                     1843.9 million
    ========= ===== ===== ===== ========================= ==============

    Sources: Tong et al., "VideoMAE", NeurIPS 2022; Feichtenhofer et al., "Masked Autoencoders As
    Spatiotemporal Learners", NeurIPS 2022; Bardes et al., "Revisiting Feature Prediction for
    Learning Visual Representations from Video", 2024; Assran et al., "V-JEPA 2", 2025.

    Args:
        arch: The name of a size, whose numbers hold where the next four arguments are None.
        embed_dims: The width of a token, D.
        depth: The number of blocks.
        num_heads: The heads of the attention.
        mlp_ratio: The width of the MLP relative to D.
        img_size: The side of a frame in pixels, or height and width.
        num_frames: The frames of a clip. Clips of other shapes than this and ``img_size`` are
            accepted if the positions allow it.
        patch_size: The side of a token in pixels.
        tubelet_size: The frames of a token.
        in_channels: The channels of a frame.
        position: How tokens know their position in the clip:

            * ``'sincos'``: a table over the numbers of the tokens (VideoMAE), for clips of one
              shape only;
            * ``'sincos_quarters'``: a table over time, column and row (MVD), for clips of one shape
              only;
            * ``'sincos_3d'``: a table over time, row and column (V-JEPA), which is interpolated for
              clips of another shape;
            * ``'learnt_separable'``: a learnt table over time plus one over the places in a frame
              (MAE), interpolated likewise;
            * ``'rope'``: products of queries and keys depend on distances (V-JEPA 2, with the
              tables that its weights need; see :func:`rotary_table`), for clips of any shape;
            * ``'rope_paired'``: the same with a true rotation (V-JEPA 2.1).
        class_token: Whether a token beside those of the patches goes through the blocks (MAE). It
            has a position of its own with ``'learnt_separable'``, and none with the tables that are
            computed.
        rope_span: With ``'rope'`` and ``'rope_paired'``: the number of rows and columns to which
            those of a clip are stretched (V-JEPA 2.1: 16); as they are if None.
        qkv_bias: ``'no_key'`` for queries and values only (VideoMAE), True for keys too.
        drop_path_rate: The share of samples for which the last block is left out in training; it
            rises linearly from 0 in the first block.
        norm_eps: The epsilon of the norms.
        final_norm: Whether a norm follows the last block.
        with_cp: Whether blocks are computed again in the backward pass, which saves memory.
        init_cfg: mmengine's weight initialization; a truncated normal distribution of deviation
            0.02 for linear layers if None.

    Attributes:
        feat_dim: D.
        grid: The numbers of tokens of a clip along time, rows and columns.

    Raises:
        InputError: A size, a position or a shape that does not fit.
    """

    def __init__(
        self,
        arch: str = 'base',
        embed_dims: int | None = None,
        depth: int | None = None,
        num_heads: int | None = None,
        mlp_ratio: float | None = None,
        img_size: int | tuple[int, int] = 224,
        num_frames: int = 16,
        patch_size: int = 16,
        tubelet_size: int = 2,
        in_channels: int = 3,
        position: str = 'sincos',
        class_token: bool = False,
        rope_span: int | None = None,
        qkv_bias: bool | str = True,
        drop_path_rate: float = 0.0,
        norm_eps: float = 1e-6,
        final_norm: bool = True,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg or INIT)
        if arch not in SIZES:
            raise InputError(f'arch must be one of {", ".join(SIZES)}, got {arch!r}')
        if position not in POSITIONS:
            raise InputError(f'position must be one of {", ".join(POSITIONS)}, got {position!r}')
        if rope_span is not None and 'rope' not in position:
            raise InputError(f'rope_span does nothing with position={position!r}: leave it out')
        if class_token and 'rope' in position:
            raise InputError(f'a class token has no rotation: position={position!r} cannot have it')
        given = (embed_dims, depth, num_heads, mlp_ratio)
        width, depth, num_heads, mlp_ratio = (
            named if own is None else own for own, named in zip(given, SIZES[arch], strict=True)
        )
        height_width = (img_size, img_size) if isinstance(img_size, int) else tuple(img_size)
        self.feat_dim = width
        self.head_dims = width // num_heads
        self.position = position
        self.rope_span = rope_span
        self.with_cp = with_cp
        self.patch_embed = TubeletEmbed(in_channels, width, (tubelet_size, patch_size, patch_size))
        self.grid = self.patch_embed.grid((num_frames, *height_width))
        rates = torch.linspace(0, drop_path_rate, depth, device='cpu').tolist()
        self.blocks = ModuleList(
            TransformerBlock(width, num_heads, mlp_ratio, qkv_bias, rate, norm_eps)
            for rate in rates
        )
        self.norm = nn.LayerNorm(width, eps=norm_eps) if final_norm else nn.Identity()
        if class_token:
            self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        if position == 'learnt_separable':
            times, rows, columns = self.grid
            self.pos_embed_spatial = nn.Parameter(torch.zeros(1, rows * columns, width))
            self.pos_embed_temporal = nn.Parameter(torch.zeros(1, times, width))
            if class_token:
                self.pos_embed_class = nn.Parameter(torch.zeros(1, 1, width))
        else:
            self.register_buffer('positions', self._computed_table(), persistent=False)

    def init_weights(self) -> None:
        """Draw the class token and learnt positions, then apply ``init_cfg``."""
        if not self.is_init:
            for name, parameter in self.named_parameters(recurse=False):
                if name in LEARNT:
                    nn.init.trunc_normal_(parameter, std=0.02)
        super().init_weights()

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``[N, C, T, H, W]`` to the last feature map ``[N, D, T', H', W']``."""
        return self._as_map(self.tokens(x), x)

    def tokens(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        """Compute the tokens of clips, all or some of them.

        Args:
            x: ``[N, C, T, H, W]``.
            keep: The numbers of the tokens that the network sees, ``[N, K]``, in the order of time,
                row, column of the whole clip, whose positions they keep; all L = T' H' W' if None.

        Returns:
            ``[N, K, D]`` or ``[N, L, D]``, after the final norm.
        """
        tokens, rotary = self._embed(x, keep)
        tokens = run_blocks(self.blocks, tokens, rotary, self.with_cp)
        return self._normed(tokens, len(self.blocks) - 1)

    def extract(self, x: Tensor, taps: Sequence[int]) -> dict[int, Tensor]:
        """Compute the feature maps after some of the blocks.

        Args:
            x: Clips ``[N, C, T, H, W]``.
            taps: The numbers of blocks, from 0.

        Returns:
            Maps ``[N, D, T', H', W']`` by tap, each after the final norm.

        Raises:
            InputError: There is no such block.
        """
        unknown = [tap for tap in taps if tap not in range(len(self.blocks))]
        if unknown:
            raise InputError(
                f'taps of VideoViT are the numbers of its blocks, 0 to {len(self.blocks) - 1}, got '
                f'{unknown[0]!r}'
            )
        tokens, rotary = self._embed(x, None)
        maps = {}
        for number, block in enumerate(self.blocks[: max(taps) + 1]):
            tokens = run_blocks([block], tokens, rotary, self.with_cp)
            if number in taps:
                maps[number] = self._as_map(self._normed(tokens, number), x)
        return maps

    def _normed(self, tokens: Tensor, block: int) -> Tensor:
        """Return the normalised output of a block, without the class token."""
        tokens = self.norm(tokens)
        return tokens[:, 1:] if hasattr(self, 'cls_token') else tokens

    def _patches(self, x: Tensor) -> nn.Module:
        """Return the projection of the patches of clips."""
        return self.patch_embed

    def _embed(self, x: Tensor, keep: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return the first block's tokens, and the rows that rotate them.

        Tokens are ``[N, K or L, D]``, with the class token ``[N, 1 + K or L, D]``.
        """
        patches = self._patches(x)
        table = self._positions(patches.grid(x.shape[2:]))
        tokens, rotary = patches(x), None
        if 'rope' in self.position:
            rotary = table if keep is None else table[keep]
        else:
            tokens = tokens + table
        if keep is not None:
            tokens = tokens.take_along_dim(keep[..., None], dim=1)
        if hasattr(self, 'cls_token'):
            start = self.cls_token + getattr(self, 'pos_embed_class', 0)
            tokens = torch.cat([start.expand(x.shape[0], -1, -1), tokens], dim=1)
        return tokens, rotary

    def _as_map(self, tokens: Tensor, x: Tensor) -> Tensor:
        return tokens.transpose(1, 2).unflatten(2, self._patches(x).grid(x.shape[2:]))

    def _computed_table(self) -> Tensor:
        """Return the positions of the tokens of the clips that the network is built for."""
        if self.position == 'sincos':
            return get_sinusoid_encoding(math.prod(self.grid), self.feat_dim)[0]
        if self.position == 'sincos_3d':
            return sincos_3d_table(self.grid, self.feat_dim)
        if self.position == 'sincos_quarters':
            return sincos_quarters_table(self.grid, self.feat_dim)
        paired = self.position == 'rope_paired'
        return rotary_table(self.grid, self.head_dims, paired, self.rope_span)

    def _positions(self, grid: tuple[int, int, int]) -> Tensor:
        """Return the positions of a clip's tokens, ``[L, ...]``."""
        if self.position == 'learnt_separable':
            table = (self.pos_embed_temporal[0, :, None] + self.pos_embed_spatial).flatten(0, 1)
        else:
            table = self.positions
        if grid == self.grid:
            return table
        if 'rope' in self.position:
            paired = self.position == 'rope_paired'
            return rotary_table(grid, self.head_dims, paired, self.rope_span).to(table)
        if self.position in ('sincos_3d', 'learnt_separable'):
            maps = table.T.unflatten(1, self.grid)[None]
            return F.interpolate(maps, size=grid, mode='trilinear')[0].flatten(1).T
        raise InputError(
            f'position={self.position!r} has a table for clips of {self.grid} tokens in time, rows '
            f'and columns, got a clip of {grid}: set num_frames and img_size to those of the clips'
        )


class TubeletEmbed(nn.Module):
    """The linear projection of non-overlapping patches.

    Args:
        in_channels: The channels of a frame.
        width: The width of a token, D.
        patch: The frames, rows and columns of a patch.
    """

    def __init__(self, in_channels: int, width: int, patch: tuple[int, int, int]) -> None:
        super().__init__()
        self.proj = nn.Conv3d(in_channels, width, patch, stride=patch)

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``[N, C, T, H, W]`` to tokens ``[N, L, D]``."""
        return self.proj(x).flatten(2).transpose(1, 2)

    def grid(self, shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return the numbers of patches of a clip of frames, height and width."""
        patch = self.proj.kernel_size
        if any(size < side or size % side for size, side in zip(shape, patch, strict=True)):
            raise InputError(
                f'clips of {tuple(shape)} frames, rows and columns do not split into tokens of '
                f'{patch}: choose multiples'
            )
        return tuple(size // side for size, side in zip(shape, patch, strict=True))
