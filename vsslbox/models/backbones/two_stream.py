"""Two networks whose features are concatenated."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor

from vsslbox.registry import MODELS

__all__ = ['TwoStream']


@MODELS.register_module()
class TwoStream(BaseModule):
    """Concatenate the features of a static and a dynamic network.

    Both see the same clips; their maps are averaged over time. Of a SlowFast network these are the
    maps of the slow pathway, with what joins it.

    Source: Zhuang et al., "Unsupervised Learning from Video with Deep Neural Embeddings",
    VIE-TwoStream; following the authors' code, the static network sees all frames, and the end of
    the fast pathway is read neither by read-outs nor in fine-tuning.

    Args:
        static: The config of a network that encodes every frame separately:
            :class:`PreActResNet3d` with temporal sizes of 1.
        dynamic: The config of a network whose maps have the same height and width:
            :class:`PreActResNet3d` or :class:`PreActSlowFast`.
        init_cfg: mmengine's weight initialization; both networks have their own.
    """

    def __init__(
        self, static: dict, dynamic: dict, init_cfg: dict | list[dict] | None = None
    ) -> None:
        super().__init__(init_cfg)
        self.static = MODELS.build(static)
        self.dynamic = MODELS.build(dynamic)
        read = getattr(self.dynamic, 'slow_path', self.dynamic)
        self.feat_dim = self.static.feat_dim + read.feat_dim
        if read is not self.dynamic:  # idle weights would stop a distributed training
            self.dynamic.fast_path.bn.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``[N, C, T, H, W]`` to ``[N, F, 1, h, w]``, the static features first."""
        return self.extract(x, ['conv5'])['conv5']

    def extract(
        self, x: Tensor, taps: Sequence[str] = ('conv3', 'conv4', 'conv5')
    ) -> dict[str, Tensor]:
        """Concatenate the maps of every tap; see :meth:`PreActResNet3d.extract`."""
        static, dynamic = self.static.extract(x, taps), self.dynamic.extract(x, taps)
        return {tap: _concatenate(static[tap], dynamic[tap]) for tap in static}


def _concatenate(first: Tensor, second: Tensor) -> Tensor:
    return torch.cat([maps.mean(dim=2, keepdim=True) for maps in (first, second)], dim=1)
