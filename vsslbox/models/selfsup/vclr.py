"""VCLR: video-level contrastive learning with global context."""

import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.selfsup.multi_objective_self_supervisor import (
    MultiObjectiveSelfSupervisor,
    stack_targets,
)
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS

__all__ = ['VCLR']


@MODELS.register_module()
class VCLR(MultiObjectiveSelfSupervisor):
    """VCLR, whose losses of single frames are those of SeCo.

    The views of a sample are, in this order (``SampleSegmentTuples`` makes them):

    * the anchor tuple, ``[N, C, S * T, H, W]``: one clip of T frames (2D: one frame) from each of
      S segments of the video;
    * the positive tuple, of the same shape: other frames of the same segments;
    * the clip of the query again, ``[N, C, T, H, W]``, under another augmentation.

    A sample further has ``query_segment``, the segment of the anchor tuple whose clip is the query
    of the frame-level losses, and for the order task ``orders`` and ``order_label``
    (``ShuffleOrder``).

    There are four objectives, each of which may be None:

    * ``inter``: the query against keys of other videos; positives are its own clip and the other
      clips of its tuple (eq. 2);
    * ``intra``: the query's own clip against the other clips of its tuple (eq. 3);
    * ``video``: the mean feature of the anchor tuple against that of the positive tuple (eq. 4-6);
    * ``order``: which of the two tuples is shuffled (eq. 7).

    Each objective has a projection of its own. Keys come from a moving average of backbone and
    projections, with ShuffleBN.

    Source: Kuang et al., "Video Contrastive Learning with Global Context", ICCVW 2021. Defaults
    follow the authors' code.

    Args:
        backbone: The config of the backbone, 2D or 3D.
        neck: The config of a projection; one is built for each objective.
        inter: The config of a head that is called with a query ``[N, D]`` and a list of keys.
        intra: The config of a loss that is called with query, positive and others ``[N, M, D]``.
        video: As ``inter``.
        order: The config of a head that is built with ``num_segments`` and called with both tuples,
            orders and labels.
        num_segments: S, as in ``SampleSegmentTuples``.
        momentum: See :class:`MomentumSelfSupervisor`.
        kwargs: As for :class:`BaseSelfSupervisor`.
    """

    def __init__(
        self,
        backbone: dict,
        neck: dict,
        inter: dict | None = None,
        intra: dict | None = None,
        video: dict | None = None,
        order: dict | None = None,
        num_segments: int = 3,
        momentum: float | dict = 0.999,
        **kwargs,
    ) -> None:
        if intra is not None and num_segments < 2:
            raise InputError('the intra loss needs at least 2 segments; set `intra=None`')
        if order is not None:
            order = dict(order)
            if order.setdefault('num_segments', num_segments) != num_segments:
                raise InputError(
                    f'`order.num_segments` is {order["num_segments"]}, `num_segments` of VCLR is '
                    f'{num_segments}: leave the former out, the head takes that of the model'
                )
        objectives = dict(inter=inter, intra=intra, video=video, order=order)
        super().__init__(backbone, neck, objectives, momentum, **kwargs)
        self.num_segments = num_segments

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute the losses of the objectives: ``loss_inter`` and so on."""
        if len(inputs) != 3:
            raise InputError(
                f'VCLR takes 3 views (anchor, positive, query clip), got {len(inputs)}: does the '
                'pipeline sample with `SampleSegmentTuples`?'
            )
        anchor, positive, query_again = inputs
        num_frames, clip_len = anchor.shape[2], query_again.shape[2]
        if num_frames != self.num_segments * clip_len:
            raise InputError(
                f'{self.num_segments} segments of {clip_len} frames do not make an anchor of '
                f'{num_frames} frames: `model.num_segments` and `num_segments` of '
                '`SampleSegmentTuples` (`pipeline.sample.num_segments`) must be the same'
            )
        anchor, positive = (
            view.unflatten(2, (self.num_segments, clip_len)).transpose(1, 2)  # [N, S, C, T, H, W]
            for view in (anchor, positive)
        )
        losses = {}
        if 'inter' in self.heads or 'intra' in self.heads:
            losses.update(self._frame_losses(anchor, query_again, data_samples))
        if 'video' in self.heads or 'order' in self.heads:
            losses.update(self._tuple_losses(anchor, positive, data_samples))
        return losses

    def _frame_losses(
        self, anchor: Tensor, query_again: Tensor, data_samples: list
    ) -> dict[str, Tensor]:
        """Compute the losses of single clips: ``inter`` and ``intra``."""
        segment = stack_targets(
            data_samples, 'query_segment', 'SampleSegmentTuples', anchor.device
        )  # [N]
        rows = torch.arange(len(anchor), device=anchor.device)
        query = encode_clips(self.backbone, anchor[rows, segment])
        other_segments = _all_but(segment, self.num_segments)  # [N, S - 1]
        keys = [self.encode_keys(query_again)]
        keys += [self.encode_keys(anchor[rows, other]) for other in other_segments.unbind(1)]
        return self.frame_losses(query, keys)

    def _tuple_losses(
        self, anchor: Tensor, positive: Tensor, data_samples: list
    ) -> dict[str, Tensor]:
        """Compute the losses of whole tuples: ``video`` and ``order``."""
        shape = anchor.shape[:2]
        anchor_clips = encode_clips(self.backbone, anchor.flatten(0, 1)).unflatten(0, shape)
        key_clips = self.encode_keys(positive)  # [N, S, F], as anchor_clips

        losses = {}
        if 'video' in self.heads:
            query = self.project('video', anchor_clips.mean(dim=1))
            key = self.project_keys('video', key_clips.mean(dim=1))
            losses['loss_video'] = self.heads['video'](query, [key])
        if 'order' in self.heads:
            with torch.no_grad():
                key = self.momentum_necks['order'](key_clips)
            orders, labels = (
                stack_targets(data_samples, name, 'ShuffleOrder', anchor.device)
                for name in ('orders', 'order_label')
            )
            query = self.necks['order'](anchor_clips)
            losses['loss_order'] = self.heads['order'](query, key, orders, labels)
        return losses


def _all_but(segment: Tensor, num_segments: int) -> Tensor:
    """For each of N segments return all others, in ascending order: ``[N, num_segments - 1]``."""
    others = torch.arange(num_segments - 1, device=segment.device).repeat(len(segment), 1)
    return others + (others >= segment[:, None])
