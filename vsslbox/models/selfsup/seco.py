"""SeCo: sequence contrastive learning on single frames."""

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.selfsup.multi_objective_self_supervisor import (
    MultiObjectiveSelfSupervisor,
    stack_targets,
)
from vsslbox.models.utils import at_least_float32, encode_clips
from vsslbox.registry import MODELS

__all__ = ['SeCo']


@MODELS.register_module()
class SeCo(MultiObjectiveSelfSupervisor):
    """Contrast a frame with other videos and with its own video, and tell which half it is from.

    A sample has four views, ``[N, C, T, H, W]`` each (``SampleHalves``; a frame has T = 1): the
    query, the same frame under another augmentation, and two frames of the other half of the video
    in the order of time. There are three objectives, each of which may be None:

    * ``inter``: the query against keys of other videos; all three other views are positives;
    * ``intra``: the query's own frame against the two others;
    * ``order``: whether the query is earlier or later than the two others, from the embeddings of
      the three; those of the two others are keys, without gradient.

    Source: Yao et al., "SeCo: Exploring Sequence Supervision for Unsupervised Representation
    Learning", AAAI 2021. Defaults follow the authors' code.

    Args:
        backbone: The config of the backbone, 2D or 3D.
        neck: The config of a projection; one is built for each objective.
        inter: The config of a head that is called with a query ``[N, D]`` and a list of keys.
        intra: The config of a loss that is called with query, positive and others ``[N, M, D]``.
        order: The config of a head that maps three embeddings ``[N, 3, D]`` to scores ``[N, 2]``.
        momentum: See :class:`MomentumSelfSupervisor`.
        kwargs: As for :class:`BaseSelfSupervisor`.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        inter: dict | None = None,
        intra: dict | None = None,
        order: dict | None = None,
        momentum: float | dict = 0.999,
        **kwargs,
    ) -> None:
        objectives = dict(inter=inter, intra=intra, order=order)
        super().__init__(backbone, neck, objectives, momentum, **kwargs)

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute the losses of the objectives: ``loss_inter`` and so on."""
        if len(inputs) != 4:
            raise InputError(
                f'SeCo takes 4 views (query, query again, two others), got {len(inputs)}: does the '
                'pipeline sample with `SampleHalves`?'
            )
        query = encode_clips(self.backbone, inputs[0])
        keys = [self.encode_keys(view) for view in inputs[1:]]
        losses = self.frame_losses(query, keys)
        if 'order' in self.heads:
            others = [self.project_keys('order', key) for key in keys[1:]]
            embeddings = torch.stack([self.project('order', query), *others], dim=1)
            scores = at_least_float32(self.heads['order'](embeddings))
            halves = stack_targets(data_samples, 'query_half', 'SampleHalves', scores.device)
            losses['loss_order'] = F.cross_entropy(scores, halves)
        return losses
