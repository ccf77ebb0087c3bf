"""The decoder of VideoMAE."""

import torch
from mmengine.model import BaseModule, ModuleList
from torch import Tensor, nn

from vsslbox.models.utils.transformer_block import TransformerBlock, run_blocks
from vsslbox.registry import MODELS

__all__ = ['PixelDecoder']

INIT = dict(type='Xavier', layer='Linear', distribution='uniform')


@MODELS.register_module()
class PixelDecoder(BaseModule):
    """A small transformer that predicts the pixels of hidden cubes.

    Modules have the names of the authors' code: ``blocks``, ``norm``, ``head``.

    Source: Tong et al., "VideoMAE", section 3.3. Drop path and dropout are 0, following the
    authors' scripts.

    Args:
        embed_dims: The width of a token, D.
        depth: The number of blocks.
        num_heads: The heads of the attention.
        out_channels: The values of a cube: 3 * frames * rows * columns.
        mlp_ratio: The width of the MLP relative to D.
        with_cp: Whether blocks are computed again in the backward pass, which saves memory.
        init_cfg: mmengine's weight initialization; Glorot's uniform distribution if None.
    """

    def __init__(
        self,
        embed_dims: int = 384,
        depth: int = 4,
        num_heads: int = 6,
        out_channels: int = 1536,
        mlp_ratio: float = 4.0,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg or INIT)
        self.embed_dims = embed_dims
        self.with_cp = with_cp
        self.blocks = ModuleList(
            TransformerBlock(embed_dims, num_heads, mlp_ratio, qkv_bias='no_key')
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(embed_dims, eps=1e-6)
        self.head = nn.Linear(embed_dims, out_channels)

    def forward(self, seen: Tensor, asked: Tensor) -> Tensor:
        """Predict the cubes of the tokens that are asked for.

        Args:
            seen: Tokens of the network, ``[N, K, D]``.
            asked: Mask tokens at the positions of the cubes, ``[N, M, D]``.

        Returns:
            ``[N, M, out_channels]``.
        """
        tokens = run_blocks(self.blocks, torch.cat([seen, asked], dim=1), again=self.with_cp)
        return self.head(self.norm(tokens[:, -asked.shape[1] :]))
