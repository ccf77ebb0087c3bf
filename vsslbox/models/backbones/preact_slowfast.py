"""The SlowFast network of VIE."""

from collections.abc import Iterator, Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.models.backbones.fan_in_init import fill_by_fan_in
from vsslbox.models.backbones.preact_resnet3d import PreActResNet3d, last_map, pick_taps
from vsslbox.registry import MODELS

__all__ = ['PreActSlowFast']

# Neither pathway reduces time; the slow one has temporal kernels in its last two stages only.
SLOW = dict(conv1_kernel_t=1, kernels_t=((1, 1), (1, 1), (3, 1), (3, 1)))
FAST = dict(conv1_kernel_t=5, kernels_t=((3, 1), (3, 1), (3, 1), (3, 1)))
BOTH = dict(pool1_t=(1, 1), strides_t=(1, 1, 1, 1))


@MODELS.register_module()
class PreActSlowFast(BaseModule):
    """A wide, slow pathway that sees every fourth frame, and a narrow, fast one that sees all.

    The maps of the fast pathway join those of the slow one after the pool and after all four
    stages, each through a 5x1x1 convolution without BN-ReLU, which doubles the channels and reduces
    the frame rate to that of the slow pathway. The network has 21 678 280 trainable parameters with
    the embedding ``Linear(704, 128)``.

    The output is one feature map: the last maps of both pathways, averaged over time, as
    ``[N, F, 1, h, w]`` with F = 640 + 64. Averaged over space, too, it is the paper's feature.

    Source: Zhuang et al., "Unsupervised Learning from Video with Deep Neural Embeddings", appendix,
    and the authors' code; Feichtenhofer et al., "SlowFast Networks for Video Recognition".

    Args:
        in_channels: The channels of a frame.
        base_channels: The width of the stem and the first stage of the slow pathway.
        fast_channels: The same for the fast pathway.
        speed_ratio: The slow pathway sees every ``speed_ratio``-th frame, starting at the first.
        blocks: The number of blocks of each of the four stages, in both pathways.
        norm_cfg: As for :class:`PreActResNet3d`.
        init_cfg: As for :class:`PreActResNet3d`.

    Attributes:
        feat_dim: The channels of the output, F.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 64,
        fast_channels: int = 8,
        speed_ratio: int = 4,
        blocks: Sequence[int] = (2, 2, 2, 2),
        norm_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        shared = dict(in_channels=in_channels, blocks=blocks, norm_cfg=norm_cfg, **BOTH)
        self.speed_ratio = speed_ratio
        self.slow_path = PreActResNet3d(
            base_channels=base_channels, lateral_channels=2 * fast_channels, **SLOW, **shared
        )
        self.fast_path = PreActResNet3d(base_channels=fast_channels, **FAST, **shared)
        widths = [fast_channels, *[fast_channels * 2**stage for stage in range(len(blocks))]]
        self.laterals = nn.ModuleList(
            nn.Conv3d(
                width,
                2 * width,
                (5, 1, 1),
                stride=(speed_ratio, 1, 1),
                padding=(2, 0, 0),
                bias=False,
            )
            for width in widths
        )
        self.feat_dim = self.slow_path.feat_dim + self.fast_path.feat_dim

    def init_weights(self) -> None:
        """Draw the weights of all convolutions, then apply ``init_cfg``."""
        if not self.is_init:
            for lateral in self.laterals:
                fill_by_fan_in(lateral.weight)
        super().init_weights()  # the pathways draw their own weights

    def forward(self, x: Tensor) -> Tensor:
        """Compute the features of clips.

        Args:
            x: ``[N, C, T, H, W]``, with the frames of the fast pathway.

        Returns:
            ``[N, F, 1, h, w]``: the channels of the slow pathway, then those of the fast one.
        """
        fast_steps = list(self.fast_path.walk(x))
        ends = [last_map(self._walk_slow(x, fast_steps)), last_map(fast_steps)]
        return torch.cat([end.mean(dim=2, keepdim=True) for end in ends], dim=1)

    def extract(
        self, x: Tensor, taps: Sequence[str] = ('conv3', 'conv4', 'conv5')
    ) -> dict[str, Tensor]:
        """Compute the feature maps of the slow pathway, including the joined channels.

        ``conv3``, ``conv4`` and ``conv5`` have 160, 320 and 640 channels. The clips have the frames
        of the fast pathway; see :meth:`PreActResNet3d.extract`.
        """
        slow_steps = self._walk_slow(x, list(self.fast_path.walk(x)))
        return pick_taps(slow_steps, taps, len(self.slow_path.res_layers))

    def _walk_slow(
        self, x: Tensor, fast_steps: list[tuple[Tensor, Tensor]]
    ) -> Iterator[tuple[Tensor, Tensor]]:
        laterals = [lateral(step) for lateral, (step, _) in zip(self.laterals, fast_steps)]
        return self.slow_path.walk(x[:, :, :: self.speed_ratio], laterals)
