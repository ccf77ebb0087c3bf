"""DPC: dense predictive coding."""

from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.models.utils import block_maps
from vsslbox.registry import MODELS

__all__ = ['DPC']


@MODELS.register_module()
class DPC(BaseSelfSupervisor):
    """Predict the feature maps of the next blocks of a video from those before.

    A sample has one view, a long clip ``[N, C, T, H, W]``, which is split into B blocks of frames.

    Source: Han et al., "Video Representation Learning by Dense Predictive Coding", ICCV Workshops
    2019.

    Args:
        backbone: The config of a 3D backbone whose maps have no last ReLU, such as ``ResNet2d3d``.
        prediction: The config of a head that maps ``[N, B, F, h, w]`` to a loss, such as
            ``DensePredictionHead``.
        num_blocks: The number of blocks, B.
        kwargs: As for :class:`BaseSelfSupervisor`.
    """

    def __init__(self, backbone: dict, prediction: dict, num_blocks: int = 8, **kwargs) -> None:
        super().__init__(backbone, **kwargs)
        self.prediction = MODELS.build(prediction)
        self.num_blocks = num_blocks

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_prediction``."""
        if len(inputs) != 1:
            raise InputError(
                f'DPC takes 1 view, got {len(inputs)}: does the pipeline sample one clip of each '
                'video?'
            )
        maps = block_maps(self.backbone, inputs[0], self.num_blocks)
        return dict(loss_prediction=self.prediction(maps))
