"""The projection head of contrastive learning."""

from itertools import pairwise

from mmcv.cnn import build_norm_layer
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.registry import MODELS

__all__ = ['MLPNeck']


@MODELS.register_module()
class MLPNeck(BaseModule):
    """A multi-layer perceptron from pooled features to embeddings.

    Linear layers have a bias; a ReLU follows all but the last. Normalisation is optional.

    Source: Chen et al., "Improved Baselines with Momentum Contrastive Learning", section 3
    (``norm_cfg=None``); Chen et al., "A Simple Framework for Contrastive Learning", appendix B.5
    (``norm_cfg``); Chen et al., "An Empirical Study of Training Self-Supervised Vision
    Transformers", section 3 (``out_norm_cfg``).

    Args:
        in_channels: The length of a feature, F.
        hidden_channels: The width of the hidden layers.
        out_channels: The length of an embedding, D.
        num_layers: The number of linear layers.
        norm_cfg: The normalisation after each hidden linear layer, such as ``dict(type='BN1d')``.
        out_norm_cfg: The normalisation after the last linear layer.
        init_cfg: mmengine's weight initialization; None leaves torch's own.
    """

    def __init__(
        self,
        in_channels: int = 2048,
        hidden_channels: int = 2048,
        out_channels: int = 128,
        num_layers: int = 2,
        norm_cfg: dict | None = None,
        out_norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        hidden_widths = [in_channels, *[hidden_channels] * (num_layers - 1)]
        layers: list[nn.Module] = []
        for width_in, width_out in pairwise(hidden_widths):
            layers += [nn.Linear(width_in, width_out), *_norm(norm_cfg, width_out), nn.ReLU()]
        layers += [nn.Linear(hidden_widths[-1], out_channels), *_norm(out_norm_cfg, out_channels)]
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """Map features ``[..., F]`` to embeddings ``[..., D]``, not L2-normalised."""
        return self.layers(features.flatten(0, -2)).unflatten(0, features.shape[:-1])


def _norm(cfg: dict | None, channels: int) -> list[nn.Module]:
    return [] if cfg is None else [build_norm_layer(cfg, channels)[1]]
