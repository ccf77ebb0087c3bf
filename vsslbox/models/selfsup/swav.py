"""SwAV on the clips of a video."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.models.utils import check_clips, normalized
from vsslbox.registry import MODELS

__all__ = ['SwAV']


@MODELS.register_module()
class SwAV(BaseSelfSupervisor):
    """Predict the code of a clip, its assignment to prototypes, from the other clips of the video.

    A sample has rho views, each ``[N, C, T, H, W]`` (``SampleRandomSpans``), which are encoded one
    by one. The prototypes have unit length: after each step of the optimizer they are scaled back.

    Source: Caron et al., "Unsupervised Learning of Visual Features by Contrasting Cluster
    Assignments", 2020, without its queue and its small crops; Feichtenhofer et al., "A Large-Scale
    Study on Unsupervised Spatiotemporal Representation Learning", CVPR 2021, section 3.

    Args:
        backbone: The config of the backbone, 2D or 3D.
        neck: The config of the projection.
        loss: The config of a loss that is called with a list of scores, ``[N, K]`` for each view.
        channels: The length of an embedding, D.
        num_prototypes: The number of prototypes, K.
        frozen_steps: The prototypes have no gradient in the first steps of the optimizer, as many
            as an epoch has in the papers. (Their weight decay has no effect: they are scaled back.)
        kwargs: As for :class:`BaseSelfSupervisor`.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        loss: dict,
        channels: int = 128,
        num_prototypes: int = 1000,
        frozen_steps: int = 0,
        **kwargs,
    ) -> None:
        super().__init__(backbone, **kwargs)
        if frozen_steps < 0:
            raise InputError(f'frozen_steps must not be negative, got {frozen_steps}')
        self.neck = MODELS.build(neck)
        self.criterion = MODELS.build(loss)
        self.prototypes = nn.Linear(channels, num_prototypes, bias=False)
        self.frozen_steps = frozen_steps
        self.register_buffer('steps', torch.zeros((), dtype=torch.long))
        self._scale_prototypes()

    def init_weights(self) -> None:
        """Initialise, and scale the prototypes to unit length."""
        super().init_weights()
        self._scale_prototypes()

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_swapped``."""
        check_clips(self, inputs)
        prototypes = self.prototypes.weight
        if self.frozen_steps and self.steps < self.frozen_steps:
            # A gradient of zero: DistributedDataParallel waits for one.
            prototypes = prototypes.detach() + 0 * prototypes
        embeddings = [normalized(self.embed(view)) for view in inputs]
        with torch.autocast(prototypes.device.type, enabled=False):
            scores = [F.linear(embedding, prototypes) for embedding in embeddings]
        return dict(loss_swapped=self.criterion(scores))

    def update_after_step(self, progress: float = 0.0) -> None:
        """Scale the prototypes to unit length, and count the step."""
        super().update_after_step(progress)
        self._scale_prototypes()
        self.steps += 1

    @torch.no_grad()
    def _scale_prototypes(self) -> None:
        weight = self.prototypes.weight
        weight.copy_(F.normalize(weight, dim=1))
