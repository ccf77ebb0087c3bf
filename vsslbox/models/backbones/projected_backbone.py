"""The features on which VDIM is evaluated."""

from mmengine.model import BaseModule, ModuleDict
from torch import Tensor

from vsslbox.registry import MODELS

__all__ = ['ProjectedBackbone']


@MODELS.register_module()
class ProjectedBackbone(BaseModule):
    """A backbone and the projection of its last feature map.

    Its weights have the names of those of :class:`VDIM`, so that a checkpoint of VDIM fills encoder
    and projection: by ``init_cfg=dict(type='vsslbox.PretrainedBackbone', checkpoint=...)``, or as
    the checkpoint of a model with this backbone. A checkpoint without the projection is refused.

    Source: Devon Hjelm and Bachman, "Representation Learning with Video Deep InfoMax", 2020: the
    classifier sees the projection of the global layer, the 8th.

    Args:
        backbone: The config of the backbone, with one feature map as output.
        neck: The config of the projection of that map.
        layer: The layer of VDIM whose projection this is.
        init_cfg: mmengine's weight initialization.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        layer: int = 8,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.backbone = MODELS.build(backbone)
        self.necks = ModuleDict({str(layer): MODELS.build(neck)})

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``[N, C, T, H, W]`` to projected feature maps ``[N, D, t, h, w]``."""
        (neck,) = self.necks.values()
        return neck(self.backbone(x))
