"""The 3D ResNet of CVRL."""

from typing import Literal

from mmaction.models.backbones.resnet3d_slowonly import ResNet3dSlowOnly
from mmengine.model import BaseModule
from torch import nn

from vsslbox.errors import InputError
from vsslbox.models.backbones.fan_in_init import fill_by_fan_in
from vsslbox.models.backbones.same_padding import SameConv3d, SameMaxPool3d
from vsslbox.registry import MODELS

__all__ = ['R3DResNet']


@MODELS.register_module()
class R3DResNet(ResNet3dSlowOnly):
    """R3D-50 and R3D-101: a SlowOnly network with a temporal kernel of five frames in its stem.

    It differs from mmaction2's ``ResNet3dSlowOnly`` in its stem (5x7x7, temporal stride 2, so that
    16 frames become 8), its padding and its initialization: a truncated normal distribution of
    variance 1 / fan-in, and a last BatchNorm of each block that starts at 1. Parameters have the
    names of mmaction2.

    Source: Qian et al., "Spatiotemporal Contrastive Video Representation Learning", Table 1.

    Args:
        depth: 50 or 101 in the paper; 18, 34 and 152 have mmaction2's blocks.
        base_channels: The width of the stem and of the first stage: 64, 128 (2x) or 256 (4x) in
            the paper.
        padding: ``'symmetric'`` adds as much before as after; ``'same'`` is TensorFlow's rule,
            following the authors' code, and differs where the stride is 2.
        init_cfg: mmengine's weight initialization, applied after the above.
        kwargs: As for ``mmaction.ResNet3dSlowOnly``.
    """

    def __init__(
        self,
        depth: int = 50,
        base_channels: int = 64,
        padding: Literal['symmetric', 'same'] = 'symmetric',
        init_cfg: dict | list[dict] | None = None,
        **kwargs,
    ) -> None:
        if padding not in ('symmetric', 'same'):
            raise InputError(f"padding must be 'symmetric' or 'same', got {padding!r}")
        if padding == 'same':
            kwargs['conv_cfg'] = dict(type=SameConv3d)
        if kwargs.get('pretrained') is not None:
            raise InputError(
                "R3DResNet takes no `pretrained`: give `init_cfg=dict(type='PretrainedBackbone', "
                'checkpoint=...)`'
            )
        paper = dict(conv1_kernel=(5, 7, 7), conv1_stride_t=2, zero_init_residual=False)
        super().__init__(
            depth=depth, base_channels=base_channels, init_cfg=init_cfg, **{**paper, **kwargs}
        )
        if padding == 'same':
            self.maxpool = SameMaxPool3d(self.maxpool.kernel_size, self.maxpool.stride)
        self._freeze_stages()  # mmaction2 does it in `train` only, too late for DDP

    def init_weights(self) -> None:
        """Draw the weights of all convolutions, then apply ``init_cfg``."""
        if not self.is_init:
            super().init_weights()
            for module in self.modules():
                if isinstance(module, nn.Conv3d):
                    fill_by_fan_in(module.weight)
            for child in self.children():
                child.is_init = True  # otherwise mmengine would initialise each child again
        BaseModule.init_weights(self)  # mmaction2's own ignores `init_cfg`
