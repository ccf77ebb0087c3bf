"""Frames that are encoded one by one, and read side by side."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.registry import MODELS

__all__ = ['FrameConcat']


@MODELS.register_module()
class FrameConcat(BaseModule):
    """The feature maps of a clip's frames as channels of one map.

    A linear layer on top (``MLPNeck`` with ``num_layers=1`` and ``T * F`` input channels) then
    weighs every frame by itself; it fixes the number of frames.

    Source: Zhuang et al., "Unsupervised Learning from Video with Deep Neural Embeddings", VIE-TRN,
    in the form of the authors' code (``tsrn``, four frames).

    Args:
        backbone: The config of a network that keeps the number of frames and sees each by itself:
            :class:`PreActResNet3d` with temporal sizes of 1.
        init_cfg: mmengine's weight initialization; the ``backbone`` has its own.
    """

    def __init__(self, backbone: dict, init_cfg: dict | list[dict] | None = None) -> None:
        super().__init__(init_cfg)
        self.frame_net = MODELS.build(backbone)

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``[N, C, T, H, W]`` to ``[N, T * F, 1, h, w]``, the first frame first.

        Raises:
            InputError: The network has changed the number of frames.
        """
        maps = self.frame_net(x)
        if maps.shape[2] != x.shape[2]:
            raise InputError(
                f'FrameConcat needs a backbone that keeps the {x.shape[2]} frames of a clip, this '
                f'one gives {maps.shape[2]}: all its temporal strides must be 1'
            )
        return maps.transpose(1, 2).flatten(1, 2).unsqueeze(2)

    def extract(
        self, x: Tensor, taps: Sequence[str] = ('conv3', 'conv4', 'conv5')
    ) -> dict[str, Tensor]:
        """The feature maps of the frames; see :meth:`PreActResNet3d.extract`."""
        return self.frame_net.extract(x, taps)
