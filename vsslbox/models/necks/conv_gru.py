"""A recurrent unit over the feature maps of successive blocks of a video."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.registry import MODELS

__all__ = ['ConvGRU']


@MODELS.register_module()
class ConvGRU(BaseModule):
    r"""A gated recurrent unit at every place of a map, with shared weights (1x1 convolutions).

    With input x, state h and the concatenation [.]:

    .. math::
        r = \sigma(W_r [x, h]), \quad u = \sigma(W_u [x, h]), \quad
        h' = (1 - u) h + u \tanh(W_o [x, r h])

    The state starts at zero, and dropout follows each step. Weights start orthogonal, biases at
    zero.

    Source: Ballas et al., "Delving Deeper into Convolutional Networks for Learning Video
    Representations", eq. 6-9; sizes and dropout follow the code of DPC's authors.

    Args:
        in_channels: The channels of a map, F.
        hidden_channels: The channels of the state, D; F if None.
        dropout_ratio: The share of the state that is dropped after each step.
        init_cfg: mmengine's weight initialization, applied after the above.
    """

    def __init__(
        self,
        in_channels: int = 256,
        hidden_channels: int | None = None,
        dropout_ratio: float = 0.1,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.hidden_channels = hidden_channels or in_channels
        both = in_channels + self.hidden_channels
        for name in ('reset_gate', 'update_gate', 'out_gate'):
            gate = nn.Conv2d(both, self.hidden_channels, 1)
            nn.init.orthogonal_(gate.weight)
            nn.init.zeros_(gate.bias)
            self.add_module(name, gate)
        self.dropout = nn.Dropout(dropout_ratio)

    def forward(self, maps: Tensor) -> Tensor:
        """Return the state ``[N, D, h, w]`` after all maps ``[N, B, F, h, w]``."""
        num_samples, _, _, height, width = maps.shape
        hidden = maps.new_zeros(num_samples, self.hidden_channels, height, width)
        for x in maps.unbind(1):
            hidden = self.step(x, hidden)
        return hidden

    def step(self, x: Tensor, hidden: Tensor) -> Tensor:
        """Return the state after one map ``[N, F, h, w]``."""
        both = torch.cat([x, hidden], dim=1)
        reset, update = self.reset_gate(both).sigmoid(), self.update_gate(both).sigmoid()
        new = self.out_gate(torch.cat([x, reset * hidden], dim=1)).tanh()
        return self.dropout((1 - update) * hidden + update * new)
