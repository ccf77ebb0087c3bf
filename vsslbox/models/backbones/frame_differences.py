"""Clips of which a network sees the changes alone."""

from mmengine.model import BaseModule
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.registry import MODELS

__all__ = ['FrameDifferences']


@MODELS.register_module()
class FrameDifferences(BaseModule):
    """Show a network the differences between successive frames of a clip instead of the frames.

    What stands still disappears: backgrounds, and the colours and textures by which videos can be
    told apart without looking at motion. Clips have to be cropped and coloured alike in all frames.

    Source: Tao, Wang and Yamasaki, "Rethinking Motion Representation: Residual Frames with 3D
    ConvNets for Better Action Recognition", 2020; the same authors' "Self-supervised Video
    Representation Learning Using Inter-intra Contrastive Framework" learns from them without
    labels.

    Args:
        backbone: The config of a 3D network.
        init_cfg: mmengine's weight initialization; the ``backbone`` has its own.
    """

    def __init__(self, backbone: dict, init_cfg: dict | list[dict] | None = None) -> None:
        super().__init__(init_cfg)
        self.difference_net = MODELS.build(backbone)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Map clips ``[N, C, T, H, W]`` to what the network makes of ``[N, C, T - 1, H, W]``.

        Raises:
            InputError: The input is not of clips of several frames.
        """
        if x.dim() != 5 or x.shape[2] < 2:
            raise InputError(
                f'FrameDifferences needs clips of at least 2 frames, [N, C, T, H, W], got '
                f'{list(x.shape)}'
            )
        return self.difference_net(x[:, :, 1:] - x[:, :, :-1])
