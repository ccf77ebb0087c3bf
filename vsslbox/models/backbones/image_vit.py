"""A vision transformer for images, as DINOv2 and DINOv3 publish it."""

import math

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule, ModuleList
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.backbones.video_vit import SIZES
from vsslbox.models.utils import TransformerBlock, run_blocks
from vsslbox.registry import MODELS

__all__ = ['ImageViT']

INIT = dict(type='TruncNormal', layer='Linear', std=0.02)


@MODELS.register_module()
class ImageViT(BaseModule):
    """A transformer on patches of an image, with a class token and register tokens.

    The feature map holds the patches' tokens. Modules and parameters have the names of DINOv2's
    code: ``cls_token``, ``register_tokens``, ``pos_embed``, ``patch_embed.proj``, ``blocks.I`` as
    in :class:`VideoViT`, ``blocks.I.ls1.gamma``, ``blocks.I.ls2.gamma``, ``norm``. The gated MLP of
    the largest models is not built.

    Sources: Oquab et al., "DINOv2", 2023; Darcet et al., "Vision Transformers Need Registers",
    2024; Siméoni et al., "DINOv3", 2025.

    Args:
        arch: A size of :class:`VideoViT`, whose numbers hold where the next four are None.
        embed_dims: The width of a token, D.
        depth: The number of blocks.
        num_heads: The heads of the attention.
        mlp_ratio: The width of the MLP relative to D.
        img_size: The side of the images of the pretraining in pixels. Others are accepted, too.
        patch_size: The side of a patch in pixels.
        num_registers: The number of register tokens.
        position: How tokens know their position in the image:

            * ``'learnt'``: a table, which is resized bicubically for images of another size; with
              registers smoothed when it shrinks, without them by a factor for a tenth of a patch
              more, as the authors do (DINOv2);
            * ``'rope'``: queries and keys are rotated by the positions of the patches' centres,
              -1 to 1 along both sides of the image (DINOv3).
        layer_scale: The initial factor of each channel of a branch; no factors if None.
        qkv_bias: ``'no_key'`` for queries and values only (DINOv3), True for keys too.
        norm_eps: The epsilon of the norms (DINOv3: 1e-5).
        with_cp: Whether blocks are computed again in the backward pass, which saves memory.
        init_cfg: As for :class:`VideoViT`.

    Attributes:
        feat_dim: D.

    Raises:
        InputError: A size or a position that does not fit.
    """

    def __init__(
        self,
        arch: str = 'base',
        embed_dims: int | None = None,
        depth: int | None = None,
        num_heads: int | None = None,
        mlp_ratio: float | None = None,
        img_size: int = 518,
        patch_size: int = 14,
        num_registers: int = 0,
        position: str = 'learnt',
        layer_scale: float | None = 1e-5,
        qkv_bias: bool | str = True,
        norm_eps: float = 1e-6,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg or INIT)
        if arch not in SIZES:
            raise InputError(f'arch must be one of {", ".join(SIZES)}, got {arch!r}')
        if position not in ('learnt', 'rope'):
            raise InputError(f"position must be 'learnt' or 'rope', got {position!r}")
        given = (embed_dims, depth, num_heads, mlp_ratio)
        width, depth, num_heads, mlp_ratio = (
            named if own is None else own for own, named in zip(given, SIZES[arch], strict=True)
        )
        self.feat_dim = width
        self.head_dims = width // num_heads
        self.with_cp = with_cp
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, width, patch_size, stride=patch_size)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        if num_registers:
            self.register_tokens = nn.Parameter(torch.zeros(1, num_registers, width))
        self.num_registers = num_registers
        if position == 'learnt':
            self.side = self._grid((img_size, img_size))[0]
            self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.side**2, width))
        elif self.head_dims % 4:
            raise InputError(f"position='rope' needs heads of 4 n dimensions, got {self.head_dims}")
        self.blocks = ModuleList(
            _ScaledBlock(width, num_heads, mlp_ratio, qkv_bias, layer_scale, norm_eps)
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width, eps=norm_eps)

    def init_weights(self) -> None:
        """Draw the tokens and the table of positions, then apply ``init_cfg``."""
        if not self.is_init:
            for name, parameter in self.named_parameters(recurse=False):
                nn.init.trunc_normal_(parameter, std=1e-6 if name == 'cls_token' else 0.02)
        super().init_weights()

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``[N, 3, H, W]`` to the patches' tokens after the last norm, ``[N, D, h, w]``.

        Raises:
            InputError: The images are not whole patches.
        """
        grid = self._grid(x.shape[2:])
        return self.tokens(x)[:, 1 + self.num_registers :].transpose(1, 2).unflatten(2, grid)

    def tokens(self, x: Tensor) -> Tensor:
        """Compute all tokens of images: class, registers, patches by row; ``[N, 1 + R + L, D]``."""
        grid = self._grid(x.shape[2:])
        patches = self.patch_embed.proj(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), patches], dim=1)
        if hasattr(self, 'pos_embed'):
            tokens = tokens + self._table(grid)
        if self.num_registers:
            registers = self.register_tokens.expand(x.shape[0], -1, -1)
            tokens = torch.cat([tokens[:, :1], registers, tokens[:, 1:]], dim=1)
        rotary = None if hasattr(self, 'pos_embed') else self._rotary(grid, tokens)
        return self.norm(run_blocks(self.blocks, tokens, rotary, self.with_cp))

    def _grid(self, shape: tuple[int, int]) -> tuple[int, int]:
        patch = self.patch_embed.proj.kernel_size[0]
        if any(size < patch or size % patch for size in shape):
            raise InputError(
                f'images of {tuple(shape)} pixels do not split into patches of {patch}: choose '
                'multiples'
            )
        return shape[0] // patch, shape[1] // patch

    def _table(self, grid: tuple[int, int]) -> Tensor:
        """Return the positions of the class token and of patches, ``[1, 1 + L, D]``."""
        if grid == (self.side, self.side):
            return self.pos_embed
        table = self.pos_embed[:, 1:].transpose(1, 2).unflatten(2, (self.side, self.side)).float()
        if self.num_registers:
            table = F.interpolate(table, size=grid, mode='bicubic', antialias=True)
        else:
            factors = tuple((length + 0.1) / self.side for length in grid)
            table = F.interpolate(table, scale_factor=factors, mode='bicubic')
        patches = table.flatten(2).transpose(1, 2).to(self.pos_embed)
        return torch.cat([self.pos_embed[:, :1], patches], dim=1)

    def _rotary(self, grid: tuple[int, int], tokens: Tensor) -> Tensor:
        """Return cosines and sines of all tokens, ``[1 + R + L, 2, D / heads]``; 1 and 0 of others.

        Row and column have a quarter of a head's dimensions H each, with the frequencies
        2 pi 100^(-4 j / H); the second half of the dimensions repeats the first.
        """
        places = [(torch.arange(length) + 0.5) / length * 2 - 1 for length in grid]
        rows, columns = (axis.flatten() for axis in torch.meshgrid(*places, indexing='ij'))
        quarter = self.head_dims // 4
        frequencies = 2 * math.pi * 100 ** -(torch.arange(quarter) / quarter)
        angles = torch.cat([axis[:, None] * frequencies for axis in (rows, columns)], dim=1)
        angles = F.pad(angles.repeat(1, 2), (0, 0, 1 + self.num_registers, 0))
        return torch.stack([angles.cos(), angles.sin()], dim=1).to(tokens.device)


class _ScaledBlock(TransformerBlock):
    """A block whose branches have a factor for each channel."""

    def __init__(
        self,
        width: int,
        num_heads: int,
        mlp_ratio: float,
        qkv_bias: bool | str,
        layer_scale: float | None,
        norm_eps: float,
    ) -> None:
        super().__init__(width, num_heads, mlp_ratio, qkv_bias, norm_eps=norm_eps)
        self.attn.rotate = _rotate_halves
        self.ls1, self.ls2 = (
            nn.Identity() if layer_scale is None else _Scale(width, layer_scale) for _ in range(2)
        )

    def forward(self, tokens: Tensor, rotary: Tensor | None = None) -> Tensor:
        """Transform tokens; see :class:`TransformerBlock`."""
        tokens = tokens + self.ls1(self.attn(self.norm1(tokens), rotary))
        return tokens + self.ls2(self.mlp(self.norm2(tokens)))


class _Scale(nn.Module):
    """A factor for each channel."""

    def __init__(self, width: int, start: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((width,), start))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma


def _rotate_halves(x: Tensor, rotary: Tensor) -> Tensor:
    """Rotate pairs of the first and the second half of the dimensions; see :func:`rotate`."""
    cos, sin = rotary.unbind(-2)
    first, second = x.chunk(2, dim=-1)
    return (x * cos + torch.cat([-second, first], dim=-1) * sin).to(x.dtype)
