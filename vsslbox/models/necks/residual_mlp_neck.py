"""The projection of VDIM and AMDIM."""

import torch.nn.functional as F
from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.registry import MODELS

__all__ = ['ResidualMLPNeck']


@MODELS.register_module()
class ResidualMLPNeck(BaseModule):
    """A perceptron with one hidden layer and a linear shortcut, at every position separately.

    At first the neck is its shortcut, which is close to the identity. The shortcut has a bias, the
    two layers have none, and a normalisation follows.

    Source: Bachman et al., "Learning Representations by Maximizing Mutual Information Across
    Views", and the authors' code; Devon Hjelm and Bachman, "Representation Learning with Video
    Deep InfoMax" (the functions phi_j).

    Args:
        in_channels: The channels of the map, F.
        out_channels: The length of an embedding, D; also the width of the hidden layer.
        norm_cfg: The normalisation of the output; BN if None.
        init_cfg: mmengine's weight initialization, applied after the above.
    """

    def __init__(
        self,
        in_channels: int = 512,
        out_channels: int = 512,
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.hidden = nn.Conv3d(in_channels, out_channels, 1, bias=False)
        self.out = nn.Conv3d(out_channels, out_channels, 1, bias=False)
        self.shortcut = nn.Conv3d(in_channels, out_channels, 1)
        self.norm = build_norm_layer(norm_cfg or dict(type='BN3d'), out_channels)[1]
        nn.init.zeros_(self.out.weight)
        nn.init.uniform_(self.shortcut.weight, -0.01, 0.01)
        self.shortcut.weight.data.flatten(1).fill_diagonal_(1)

    def forward(self, features: Tensor) -> Tensor:
        """Map features ``[N, F, t, h, w]`` to embeddings ``[N, D, t, h, w]``."""
        residual = self.out(F.relu(self.hidden(features), inplace=True))
        return self.norm(self.shortcut(features) + residual)
