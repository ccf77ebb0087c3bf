"""The predictor of V-JEPA: features of hidden tokens from those of the context."""

import torch
from mmengine.model import BaseModule, ModuleList
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.utils.token_positions import rotary_table, sincos_3d_table
from vsslbox.models.utils.transformer_block import TransformerBlock, run_blocks
from vsslbox.registry import MODELS

__all__ = ['TokenPredictor']

POSITIONS = ('sincos_3d', 'rope', 'rope_paired')


@MODELS.register_module()
class TokenPredictor(BaseModule):
    """A narrow transformer on the tokens of the context and one mask token for each hidden one.

    Modules have the names of the authors' code: ``predictor_embed``, ``mask_tokens.K``,
    ``predictor_blocks.I``, ``predictor_norm``, ``predictor_proj``. Positions are not in the state
    dict. A token knows its position by its number, not by its place in the sequence, so the context
    comes first here, where the authors sort all tokens.

    Source: Bardes et al., "Revisiting Feature Prediction for Learning Visual Representations from
    Video", section 3.3; Assran et al., "V-JEPA 2".

    Args:
        in_channels: The width of the encoder's tokens, D.
        embed_dims: The width of the predictor's tokens, P.
        depth: The number of blocks.
        num_heads: The heads of the attention.
        mlp_ratio: The width of the MLP relative to P.
        num_mask_tokens: The number of mask tokens, which start at 0. Mask set number i has token i,
            modulo this number: V-JEPA has one for each set, V-JEPA 2 one for all.
        position: ``'sincos_3d'`` (V-JEPA), ``'rope'`` (V-JEPA 2) or ``'rope_paired'``; see
            :class:`VideoViT`.
        norm_eps: The epsilon of the norms.
        with_cp: Whether blocks are computed again in the backward pass, which saves memory.
        init_cfg: mmengine's weight initialization; :class:`DepthScaledNormal` if None.

    Raises:
        InputError: There is no mask token, or the position is another one.
    """

    def __init__(
        self,
        in_channels: int,
        embed_dims: int = 384,
        depth: int = 12,
        num_heads: int = 12,
        mlp_ratio: float = 4.0,
        num_mask_tokens: int = 1,
        position: str = 'rope',
        norm_eps: float = 1e-6,
        with_cp: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg or dict(type='vsslbox.DepthScaledNormal'))
        if num_mask_tokens < 1:
            raise InputError(f'num_mask_tokens must be at least 1, got {num_mask_tokens}')
        if position not in POSITIONS:
            raise InputError(f'position must be one of {", ".join(POSITIONS)}, got {position!r}')
        self.in_channels = in_channels
        self.position = position
        self.with_cp = with_cp
        self.predictor_embed = nn.Linear(in_channels, embed_dims)
        self.mask_tokens = nn.ParameterList(
            torch.zeros(1, 1, embed_dims) for _ in range(num_mask_tokens)
        )
        self.predictor_blocks = ModuleList(
            TransformerBlock(embed_dims, num_heads, mlp_ratio, norm_eps=norm_eps)
            for _ in range(depth)
        )
        self.predictor_norm = nn.LayerNorm(embed_dims, eps=norm_eps)
        self.predictor_proj = nn.Linear(embed_dims, in_channels)
        self._head_dims = embed_dims // num_heads
        self._tables: dict[tuple, Tensor] = {}
        self._positions((1, 1, 1))  # a width without positions is an error now

    def forward(
        self,
        context: Tensor,
        seen: Tensor,
        hidden: Tensor,
        grid: tuple[int, int, int],
        mask_set: int = 0,
    ) -> Tensor:
        """Predict the features of the hidden tokens.

        Args:
            context: The encoder's tokens of the context, ``[N, K, D]``.
            seen: The numbers of these tokens, ``[N, K]``, in the order of time, row, column.
            hidden: The numbers of the hidden tokens, ``[N, M]``.
            grid: The numbers of tokens of a clip along time, rows and columns.
            mask_set: The number of the mask set, which selects the mask token.

        Returns:
            ``[N, M, D]``.
        """
        context = self.predictor_embed(context)
        mask = self.mask_tokens[mask_set % len(self.mask_tokens)]
        tokens = torch.cat([context, mask.expand(*hidden.shape, -1)], dim=1)
        positions = self._table(grid, context.device)[torch.cat([seen, hidden], dim=1)]
        rotary = positions if 'rope' in self.position else None
        if rotary is None:
            tokens = tokens + positions
        tokens = run_blocks(self.predictor_blocks, tokens, rotary, self.with_cp)
        return self.predictor_proj(self.predictor_norm(tokens[:, seen.shape[1] :]))

    def _table(self, grid: tuple[int, int, int], device: torch.device) -> Tensor:
        """Return the positions of all tokens of a clip, which are computed once for a grid."""
        if (grid, device) not in self._tables:
            self._tables = {(grid, device): self._positions(grid).to(device)}
        return self._tables[grid, device]

    def _positions(self, grid: tuple[int, int, int]) -> Tensor:
        if self.position == 'sincos_3d':
            return sincos_3d_table(grid, self.predictor_embed.out_features)
        return rotary_table(grid, self._head_dims, self.position == 'rope_paired')
