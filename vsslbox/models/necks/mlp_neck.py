"""The projection head of contrastive learning."""

import itertools

from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.registry import MODELS

__all__ = ['MLPNeck']


@MODELS.register_module()
class MLPNeck(BaseModule):
    """A multi-layer perceptron from pooled features to embeddings.

    Linear layers with bias, a ReLU between two of them, nothing after the last.

    Source: Chen et al., "Improved Baselines with Momentum Contrastive Learning", section 3.

    Args:
        in_channels: The length of a feature, F.
        hidden_channels: The width of the hidden layers.
        out_channels: The length of an embedding, D.
        num_layers: The number of linear layers.
        init_cfg: mmengine's weight initialization; None leaves torch's own.
    """

    def __init__(
        self,
        in_channels: int = 2048,
        hidden_channels: int = 2048,
        out_channels: int = 128,
        num_layers: int = 2,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        widths = [in_channels, *[hidden_channels] * (num_layers - 1), out_channels]
        layers: list[nn.Module] = []
        for width_in, width_out in itertools.pairwise(widths):
            layers += [nn.Linear(width_in, width_out), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, features: Tensor) -> Tensor:
        """Map features ``[..., F]`` to embeddings ``[..., D]``, which are not normalised."""
        return self.layers(features)
