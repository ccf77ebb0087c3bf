"""The features on which DPC is evaluated."""

from mmengine.model import BaseModule, ModuleDict
from torch import Tensor, nn

from vsslbox.models.necks import ConvGRU
from vsslbox.models.utils import block_maps
from vsslbox.registry import MODELS

__all__ = ['RecurrentBackbone']


@MODELS.register_module()
class RecurrentBackbone(BaseModule):
    """A backbone and the recurrent unit that reads the maps of the blocks of a clip.

    The last state is averaged over space and normalised by a BatchNorm of its own. All other
    weights have the names of those of :class:`DPC` and :class:`VCLRWithDPC`, so that their
    checkpoints fill them: ``init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=...,
    allow_missing=['norm.', '*.running_'])``.

    Source: the code of Han et al., "Video Representation Learning by Dense Predictive Coding".

    Args:
        backbone: The config of a 3D backbone.
        channels: The channels of its maps, F.
        num_blocks: The number of blocks of a clip.
        dropout_ratio: See :class:`ConvGRU`.
        init_cfg: mmengine's weight initialization.
    """

    def __init__(
        self,
        backbone: dict,
        channels: int = 256,
        num_blocks: int = 8,
        dropout_ratio: float = 0.1,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.backbone = MODELS.build(backbone)
        aggregator = ConvGRU(channels, dropout_ratio=dropout_ratio)
        self.prediction = ModuleDict(dict(aggregator=aggregator))
        self.norm = nn.BatchNorm1d(channels)
        self.num_blocks = num_blocks
        self.feat_dim = channels

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``[N, C, T, H, W]`` to features ``[N, F, 1, 1, 1]``."""
        maps = block_maps(self.backbone, x, self.num_blocks)
        state = self.prediction['aggregator'](maps.relu())
        return self.norm(state.mean(dim=(2, 3)))[:, :, None, None, None]
