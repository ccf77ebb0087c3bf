"""CVRL: spatiotemporal contrastive video representation learning; with one frame, SimCLR."""

import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS

__all__ = ['CVRL']


@MODELS.register_module()
class CVRL(BaseSelfSupervisor):
    """Two clips of a video attract each other; the clips of other videos repel.

    A sample has two views, each ``[N, C, T, H, W]``. Both go through the network as one batch, so
    that BatchNorm computes its statistics over both. With T = 1, this is SimCLR on frames.

    Source: Qian et al., "Spatiotemporal Contrastive Video Representation Learning", CVPR 2021.

    Args:
        backbone: The config of the backbone, 3D (or 2D: features are averaged over the frames).
        neck: The config of the projection.
        loss: The config of a loss that is called with the embeddings of the two views, each
            ``[N, D]``.
        kwargs: As for :class:`BaseSelfSupervisor`.
    """

    def __init__(self, backbone: dict, neck: dict, loss: dict, **kwargs) -> None:
        super().__init__(backbone, **kwargs)
        self.neck = MODELS.build(neck)
        self.criterion = MODELS.build(loss)

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_contrast`` of two views."""
        if len(inputs) != 2:
            raise InputError(
                f'CVRL takes 2 views, got {len(inputs)}: does the pipeline sample two clips of '
                'each video?'
            )
        features = encode_clips(self.backbone, torch.cat(inputs))
        first, second = self.neck(features).chunk(2)
        return dict(loss_contrast=self.criterion(first, second))
