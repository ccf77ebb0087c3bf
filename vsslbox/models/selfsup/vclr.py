"""VCLR: video-level contrastive learning with global context."""

import torch
from mmengine.model import ModuleDict
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.models.utils import (
    copy_parameters,
    encode_clips,
    momentum_copy,
    momentum_update,
    normalized,
    on_shuffled_batch,
    split_segments,
)
from vsslbox.registry import MODELS

__all__ = ['VCLR']


@MODELS.register_module()
class VCLR(BaseSelfSupervisor):
    """VCLR, and SeCo's losses within it.

    The views of a sample are, in this order (``SampleSegmentTuples`` makes them):

    * the anchor tuple, ``[N, C, S * T, H, W]``: one clip of T frames (2D: one frame) from each of
      S segments of the video;
    * the positive tuple, of the same shape: other frames of the same segments;
    * the query's clip once more, ``[N, C, T, H, W]``, under another augmentation.

    A sample further has ``query_segment``, the segment of the anchor tuple whose clip is the query
    of the frame-level losses, and for the order task ``orders`` and ``order_label``
    (``ShuffleOrder``).

    Four objectives, each of which may be None:

    * ``inter``: the query against keys of other videos; positives are its own clip and the other
      clips of its tuple (eq. 2);
    * ``intra``: the query's own clip against the other clips of its tuple (eq. 3);
    * ``video``: the mean feature of the anchor tuple against that of the positive tuple (eq. 4-6);
    * ``order``: which of the two tuples is shuffled (eq. 7).

    Each objective has a projection of its own. Keys come from a moving average of backbone and
    projections, with ShuffleBN.

    Source: Kuang et al., "Video Contrastive Learning with Global Context", ICCVW 2021. Defaults
    are those of the authors' code.

    Args:
        backbone: The config of the backbone, 2D or 3D.
        neck: The config of a projection; one is built for each objective.
        inter: The config of a head that is called with a query ``[N, D]`` and a list of keys.
        intra: The config of a loss that is called with query, positive and others ``[N, M, D]``.
        video: As ``inter``.
        order: The config of a head that is called with both tuples, orders and labels.
        num_segments: S.
        momentum: The share of the moving average that a step keeps, m.
        data_preprocessor: The config of the preprocessor.
        init_cfg: mmengine's weight initialization.
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
        momentum: float = 0.999,
        data_preprocessor: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(backbone, data_preprocessor, init_cfg)
        objectives = dict(inter=inter, intra=intra, video=video, order=order)
        objectives = {name: cfg for name, cfg in objectives.items() if cfg is not None}
        if not objectives:
            raise InputError('VCLR needs at least one of inter, intra, video and order')
        if intra is not None and num_segments < 2:
            raise InputError('the intra loss needs at least 2 segments; set `intra=None`')
        if not 0 <= momentum <= 1:
            raise InputError(f'momentum must be within [0, 1], got {momentum}')
        self.num_segments = num_segments
        self.momentum = momentum
        # mmengine's ModuleDict: torch's would not pass on the initialization of weights.
        self.heads = ModuleDict({name: MODELS.build(cfg) for name, cfg in objectives.items()})
        self.necks = ModuleDict({name: MODELS.build(neck) for name in objectives})
        self.momentum_backbone = momentum_copy(self.backbone)
        self.momentum_necks = momentum_copy(self.necks)

    def init_weights(self) -> None:
        """Initialise, and start the moving average at the initial weights."""
        super().init_weights()
        copy_parameters(self.backbone, self.momentum_backbone)
        copy_parameters(self.necks, self.momentum_necks)

    def update_after_step(self) -> None:
        """Let the keys of the step enter the queues and move the average."""
        super().update_after_step()
        momentum_update(self.backbone, self.momentum_backbone, self.momentum)
        momentum_update(self.necks, self.momentum_necks, self.momentum)

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute the losses of the objectives, by the names ``loss_inter`` and so on."""
        if len(inputs) != 3:
            raise InputError(
                f'VCLR takes 3 views (anchor, positive, query clip), got {len(inputs)}: does the '
                'pipeline sample with `SampleSegmentTuples`?'
            )
        anchor, positive, query_again = inputs
        anchor = split_segments(anchor, self.num_segments)
        positive = split_segments(positive, self.num_segments)
        losses = {}
        if 'inter' in self.heads or 'intra' in self.heads:
            losses.update(self._frame_losses(anchor, query_again, data_samples))
        if 'video' in self.heads or 'order' in self.heads:
            losses.update(self._tuple_losses(anchor, positive, data_samples))
        return losses

    def _frame_losses(
        self, anchor: Tensor, query_again: Tensor, data_samples: list
    ) -> dict[str, Tensor]:
        """The losses that look at clips one by one: ``inter`` and ``intra``."""
        segment = _stack(data_samples, 'query_segment', anchor.device)  # [N]
        rows = torch.arange(len(anchor), device=anchor.device)
        query = encode_clips(self.backbone, anchor[rows, segment])
        other_segments = _all_but(segment, self.num_segments)  # [N, S - 1]
        keys = [self._encode_keys(query_again)]
        keys += [self._encode_keys(anchor[rows, other]) for other in other_segments.unbind(1)]

        losses = {}
        if 'inter' in self.heads:
            projected = [self._project_keys('inter', key) for key in keys]
            losses['loss_inter'] = self.heads['inter'](self._project('inter', query), projected)
        if 'intra' in self.heads:
            same, *others = [self._project_keys('intra', key) for key in keys]
            losses['loss_intra'] = self.heads['intra'](
                self._project('intra', query), same, torch.stack(others, dim=1)
            )
        return losses

    def _tuple_losses(
        self, anchor: Tensor, positive: Tensor, data_samples: list
    ) -> dict[str, Tensor]:
        """The losses that look at whole tuples: ``video`` and ``order``."""
        shape = anchor.shape[:2]
        anchor_clips = encode_clips(self.backbone, anchor.flatten(0, 1)).unflatten(0, shape)
        key_clips = self._encode_keys(positive)  # [N, S, F], as anchor_clips

        losses = {}
        if 'video' in self.heads:
            query = self._project('video', anchor_clips.mean(dim=1))
            key = self._project_keys('video', key_clips.mean(dim=1))
            losses['loss_video'] = self.heads['video'](query, [key])
        if 'order' in self.heads:
            with torch.no_grad():
                key = self.momentum_necks['order'](key_clips)
            losses['loss_order'] = self.heads['order'](
                self.necks['order'](anchor_clips),
                key,
                _stack(data_samples, 'orders', anchor.device),
                _stack(data_samples, 'order_label', anchor.device),
            )
        return losses

    @torch.no_grad()
    def _encode_keys(self, clips: Tensor) -> Tensor:
        """Features of clips ``[N, ..., C, T, H, W]`` by the moving average: ``[N, ..., F]``."""

        def encode(batch: Tensor) -> Tensor:
            features = encode_clips(self.momentum_backbone, batch.flatten(0, -5))
            return features.unflatten(0, batch.shape[:-4])

        return on_shuffled_batch(encode, clips)

    def _project(self, name: str, features: Tensor) -> Tensor:
        return normalized(self.necks[name](features))

    @torch.no_grad()
    def _project_keys(self, name: str, features: Tensor) -> Tensor:
        return normalized(self.momentum_necks[name](features))


def _stack(data_samples: list, name: str, device: torch.device) -> Tensor:
    """A field of every sample as one tensor, ``[N, ...]``."""
    if name not in data_samples[0]:
        maker = 'SampleSegmentTuples' if name == 'query_segment' else 'ShuffleOrder'
        raise InputError(f'the samples have no `{name}`: add `{maker}` to the pipeline')
    return torch.stack([sample.get(name) for sample in data_samples]).to(device)


def _all_but(segment: Tensor, num_segments: int) -> Tensor:
    """For each of N segments all the others, in ascending order: ``[N, num_segments - 1]``."""
    others = torch.arange(num_segments - 1, device=segment.device).repeat(len(segment), 1)
    return others + (others >= segment[:, None])
