"""The head of a detector that scores the actions of people in given boxes."""

from types import SimpleNamespace

import torch
from mmaction.models.roi_heads.bbox_heads.bbox_head import BBoxHeadAVA
from mmengine.config import ConfigDict
from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from torch import Tensor

from vsslbox.models.utils.box_iou import box_iou
from vsslbox.models.utils.roi_align import roi_align
from vsslbox.registry import MODELS

__all__ = ['AVARoIHead']

# mmaction2 registers it with mmdet only, although it needs nothing of mmdet.
MODELS.register_module(name='BBoxHeadAVA', module=BBoxHeadAVA)


@MODELS.register_module()
class AVARoIHead(BaseModule):
    """mmaction2's ``AVARoIHead`` without mmdet: RoIAlign on the last stage, and a box head.

    The feature maps are averaged over time, RoIAlign crops each box, the maximum of each channel is
    kept, and one linear layer scores the actions, each by a sigmoid. Class 0 has no meaning and is
    neither trained nor predicted. There is no proposal network and no regression: boxes are given.
    The names of the parameters are mmaction2's.

    The channels of several feature maps (SlowFast) are concatenated.

    Source: Feichtenhofer et al., "SlowFast Networks for Video Recognition", section 5, as in
    Table 8 of Qian et al., "Spatiotemporal Contrastive Video Representation Learning".

    Args:
        bbox_head: The config of the box head, such as ``dict(type='BBoxHeadAVA')``.
        featmap_stride: The size of the input / the size of the feature maps.
        roi_size: The number of bins of RoIAlign along each axis.
        sampling_ratio: The samples of a bin along each axis; 0: as many as it has pixels.
        min_iou: In training, a proposal gets the labels of the annotated box that it overlaps by
            at least this much; without such a box, it is dropped.
        init_cfg: mmengine's weight initialization.
    """

    def __init__(
        self,
        bbox_head: dict,
        featmap_stride: int = 16,
        roi_size: int = 8,
        sampling_ratio: int = 0,
        min_iou: float = 0.9,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.bbox_head = MODELS.build(bbox_head)
        self.featmap_stride = featmap_stride
        self.roi_size = roi_size
        self.sampling_ratio = sampling_ratio
        self.min_iou = min_iou

    def forward(self, features: Tensor | tuple[Tensor, ...], boxes: list[Tensor]) -> Tensor:
        """Score the actions in boxes.

        Args:
            features: Feature maps ``[N, C, T, H, W]``, or several of one size ``H, W``.
            boxes: N tensors ``[n, 4]`` in pixels of the input.

        Returns:
            Logits ``[boxes in all, K]``.
        """
        if not any(map(len, boxes)):  # the box head needs one
            return self(features, [boxes[0].new_zeros(1, 4), *boxes[1:]])[:0]
        maps = features if isinstance(features, tuple) else (features,)
        # RoIAlign is linear and the same in each frame, so the mean over time may come first.
        averaged = torch.cat([one.mean(2) for one in maps], dim=1)
        pooled = roi_align(
            averaged, boxes, self.roi_size, 1 / self.featmap_stride, self.sampling_ratio
        )
        return self.bbox_head(pooled[:, :, None])

    def loss(
        self,
        features: Tensor | tuple[Tensor, ...],
        proposals: list[Tensor],
        truth: list[InstanceData],
    ) -> dict[str, Tensor]:
        """Compute the loss of mmaction2's box head on annotated boxes and proposals close to them.

        Args:
            features: As for :meth:`forward`.
            proposals: N tensors ``[n, 4]``.
            truth: N annotations with ``bboxes`` ``[n, 4]`` and ``labels`` ``[n, K]`` of 0 and 1.
        """
        boxes, labels = zip(*map(self._labelled, proposals, truth))
        scores = self(features, list(boxes))
        if not torch.cat(labels)[:, 1:].any():  # all are outside the crops; mean() would be nan
            return dict(loss_action_cls=scores.sum() * 0)
        samples = [
            SimpleNamespace(pos_priors=b, neg_priors=b[:0], pos_gt_labels=own)
            for b, own in zip(boxes, labels)
        ]
        return self.bbox_head.loss_and_target(
            scores, torch.cat(boxes), samples, ConfigDict(pos_weight=1)
        )['loss_bbox']

    def predict(
        self, features: Tensor | tuple[Tensor, ...], boxes: list[Tensor]
    ) -> tuple[Tensor, ...]:
        """Compute the probability of each action, ``[n, K]`` for the boxes of each clip."""
        counts = [len(its_boxes) for its_boxes in boxes]
        return self(features, boxes).sigmoid().split(counts)

    def _labelled(self, proposals: Tensor, truth: InstanceData) -> tuple[Tensor, Tensor]:
        """Return the boxes to train on and their labels."""
        if not len(truth):
            return truth.bboxes, truth.labels
        overlaps, nearest = box_iou(proposals, truth.bboxes).max(1)
        close = overlaps >= self.min_iou
        boxes = torch.cat([truth.bboxes, proposals[close]])
        return boxes, torch.cat([truth.labels, truth.labels[nearest[close]]])
