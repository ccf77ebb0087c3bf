"""mmaction2's 2D ResNet at other widths."""

from mmaction.models.backbones.resnet import ResNet, make_res_layer
from mmcv.cnn import ConvModule

from vsslbox.registry import MODELS

__all__ = ['NarrowResNet']


@MODELS.register_module()
class NarrowResNet(ResNet):
    """A 2D ResNet whose first stage has ``base_channels`` channels instead of 64.

    It is for small videos and runs on a CPU. Parameters have the names of mmaction2.

    Args:
        depth: 18, 34, 50, 101 or 152.
        base_channels: The width of the stem and of the first stage.
        kwargs: As for ``mmaction.ResNet``.
    """

    def __init__(self, depth: int, base_channels: int = 16, **kwargs) -> None:
        super().__init__(depth, **kwargs)
        norm = dict(conv_cfg=self.conv_cfg, norm_cfg=self.norm_cfg, act_cfg=self.act_cfg)
        self.conv1 = ConvModule(
            self.in_channels, base_channels, 7, stride=2, padding=3, bias=False, **norm
        )
        self.inplanes = base_channels
        for stage, name in enumerate(self.res_layers):
            planes = base_channels * 2**stage
            layer = make_res_layer(
                self.block,
                self.inplanes,
                planes,
                self.stage_blocks[stage],
                stride=self.strides[stage],
                dilation=self.dilations[stage],
                style=self.style,
                with_cp=self.with_cp,
                **norm,
            )
            self.add_module(name, layer)
            self.inplanes = planes * self.block.expansion
        self.feat_dim = self.inplanes
