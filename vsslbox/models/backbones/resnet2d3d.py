"""The 2d3d ResNet of DPC."""

from mmaction.models.backbones.resnet3d import ResNet3d
from mmengine.model import BaseModule
from torch import nn

from vsslbox.registry import MODELS

__all__ = ['ResNet2d3d']


@MODELS.register_module()
class ResNet2d3d(ResNet3d):
    """A 3D ResNet-18 or -34 whose stem and first two stages see each frame separately.

    Stages 3 and 4 have kernels of 3x3x3 and stride 2 in time. Stage 4 is as wide as stage 3 and
    does not end with a ReLU: DPC predicts features of any sign. Clips of 5 frames of 128x128 become
    maps of 2 x 4 x 4. The trunk of ResNet-18 has 14 057 536 parameters. Parameters have the names
    of mmaction2, and the authors' published weights load.

    Source: Han et al., "Video Representation Learning by Dense Predictive Coding", section 4.1 and
    the authors' code.

    Args:
        depth: 18 or 34.
        base_channels: The width of the stem and of the first stage.
        init_cfg: mmengine's weight initialization, applied after that of mmaction2.
        kwargs: As for ``mmaction.ResNet3d``. With ``norm_cfg=dict(type='BN3d',
            track_running_stats=False)``, as in DPC's pretraining, BatchNorm uses the statistics of
            the batch in inference, too.
    """

    def __init__(
        self,
        depth: int = 18,
        base_channels: int = 64,
        init_cfg: dict | list[dict] | None = None,
        **kwargs,
    ) -> None:
        paper = dict(
            pretrained2d=False,
            conv1_kernel=(1, 7, 7),
            with_pool2=False,
            temporal_strides=(1, 1, 2, 2),
            inflate=(0, 0, 1, 1),
            zero_init_residual=False,
        )
        super().__init__(
            depth, base_channels=base_channels, init_cfg=init_cfg, **{**paper, **kwargs}
        )
        width = base_channels * 4
        self.layer4 = self.make_res_layer(
            self.block,
            width,
            width,
            self.stage_blocks[3],
            spatial_stride=2,
            temporal_stride=2,
            norm_cfg=self.norm_cfg,
            conv_cfg=self.conv_cfg,
            act_cfg=self.act_cfg,
        )
        self.layer4[-1].relu = nn.Identity()
        self.inplanes = self.feat_dim = width

    def init_weights(self) -> None:
        """Draw the weights, then apply ``init_cfg``."""
        if not self.is_init:
            super().init_weights()
            for child in self.children():
                child.is_init = True  # otherwise mmengine would initialise each child again
        BaseModule.init_weights(self)  # mmaction2's own ignores `init_cfg`
