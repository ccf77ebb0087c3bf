"""BYOL on the clips of a video."""

import torch
from torch import Tensor

from vsslbox.models.selfsup.momentum_self_supervisor import MomentumSelfSupervisor
from vsslbox.models.utils import check_clips, encode_clips, with_others
from vsslbox.registry import MODELS

__all__ = ['BYOL']


@MODELS.register_module()
class BYOL(MomentumSelfSupervisor):
    """Predict, from each clip of a video, what a moving average says of the other clips.

    A sample has rho views, each ``[N, C, T, H, W]`` (``SampleRandomSpans``). The loss is the sum
    over the views, so its gradient is that of one backward pass for each view, as in the authors'
    code. Each view is encoded on its own, with its own statistics of BatchNorm; the targets are
    encoded as one batch. A step holds the activations of all views.

    Source: Grill et al., "Bootstrap Your Own Latent", 2020; Feichtenhofer et al., "A Large-Scale
    Study on Unsupervised Spatiotemporal Representation Learning", CVPR 2021, section 3.

    Args:
        backbone: The config of the backbone, 2D or 3D.
        neck: The config of the projection.
        predictor: The config of the predictor, from embeddings to embeddings.
        loss: The config of a loss that is called with a prediction ``[N, D]`` and its targets
            ``[rho - 1, N, D]``.
        momentum: See :class:`MomentumSelfSupervisor`.
        kwargs: As for :class:`BaseSelfSupervisor`.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        predictor: dict,
        loss: dict,
        momentum: float | dict = 0.996,
        **kwargs,
    ) -> None:
        super().__init__(backbone, momentum, **kwargs)
        self.neck = MODELS.build(neck)
        self.predictor = MODELS.build(predictor)
        self.criterion = MODELS.build(loss)
        self.follow('backbone', 'neck')

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_regression``, summed over the views."""
        check_clips(self, inputs)
        targets = self._targets(torch.cat(inputs)).chunk(len(inputs))
        return dict(
            loss_regression=sum(
                self.criterion(self.predictor(self.embed(view)), torch.stack(others))
                for view, (_, others) in zip(inputs, with_others(targets), strict=True)
            )
        )

    @torch.no_grad()
    def _targets(self, clips: Tensor) -> Tensor:
        return self.momentum_neck(encode_clips(self.momentum_backbone, clips))
