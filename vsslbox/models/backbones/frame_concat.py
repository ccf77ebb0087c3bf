"""Frames that are encoded one by one and concatenated."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.registry import MODELS

__all__ = ['FrameConcat']


@MODELS.register_module()
class FrameConcat(BaseModule):
    """Concatenate the feature maps of the frames of a clip along the channels.

    A linear layer on top (``MLPNeck`` with ``num_layers=1`` and ``T * F`` input channels) then has
    weights of its own for every frame; it fixes the number of frames.

    Source: Zhuang et al., "Unsupervised Learning from Video with Deep Neural Embeddings", VIE-TRN,
    following the authors' code (``tsrn``, four frames).

    Args:
        backbone: The config of a network that encodes each frame separately and keeps their number:
            :class:`PreActResNet3d` with temporal sizes of 1.
        init_cfg: mmengine's weight initialization; the ``backbone`` has its own.
    """

    def __init__(self, backbone: dict, init_cfg: dict | list[dict] | None = None) -> None:
        super().__init__(init_cfg)
        self.frame_net = MODELS.build(backbone)

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``[N, C, T, H, W]`` to ``[N, T * F, 1, h, w]``, the first frame first.

        Raises:
            InputError: The network changes the number of frames.
        """
        maps = self.frame_net(x)
        if maps.shape[2] != x.shape[2]:
            raise InputError(
                f'FrameConcat needs a backbone that keeps the {x.shape[2]} frames of a clip, this '
                f'one gives {maps.shape[2]}: set all its temporal strides to 1'
            )
        return maps.transpose(1, 2).flatten(1, 2).unsqueeze(2)

    def extract(
        self, x: Tensor, taps: Sequence[str] = ('conv3', 'conv4', 'conv5')
    ) -> dict[str, Tensor]:
        """Compute the feature maps of the frames; see :meth:`PreActResNet3d.extract`."""
        return self.frame_net.extract(x, taps)
