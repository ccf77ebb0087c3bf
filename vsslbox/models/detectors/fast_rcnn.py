"""Fast R-CNN: action detection in given boxes."""

from mmaction.structures import ActionDataSample
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from torch import Tensor

from vsslbox.registry import MODELS

__all__ = ['FastRCNN']


@MODELS.register_module()
class FastRCNN(BaseModel):
    """A 3D backbone and a head that scores the actions in boxes of people.

    The boxes come with the samples: annotated boxes, or those of a person detector. Parameters have
    the names of mmaction2's detectors on AVA, so that their checkpoints can be loaded.

    Args:
        backbone: The config of a network that maps clips ``[N, C, T, H, W]`` to feature maps.
        roi_head: The config of the head, such as ``dict(type='AVARoIHead', ...)``.
        data_preprocessor: The config of ``mmaction.ActionDataPreprocessor``.
        init_cfg: mmengine's weight initialization.
    """

    def __init__(
        self,
        backbone: dict,
        roi_head: dict,
        data_preprocessor: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = MODELS.build(backbone)
        self.roi_head = MODELS.build(roi_head)

    def forward(
        self,
        inputs: Tensor,
        data_samples: list[ActionDataSample],
        mode: str = 'tensor',
    ) -> Tensor | dict[str, Tensor] | list[ActionDataSample]:
        """Score the boxes of clips.

        Args:
            inputs: Clips ``[N, C, T, H, W]``.
            data_samples: N samples with ``proposals``, and ``gt_instances`` for ``'loss'``; see
                :class:`~vsslbox.datasets.transforms.PackDetection`.
            mode: ``'tensor'``: logits ``[proposals in all, K]``. ``'loss'``: losses by name.
                ``'predict'``: the samples with ``pred_instances``, whose ``bboxes`` ``[n, 4]`` are
                normalised coordinates of the video's frame and whose ``scores`` ``[n, K]`` are
                probabilities.
        """
        features = self.backbone(inputs)
        proposals = [sample.proposals.bboxes for sample in data_samples]
        if mode == 'tensor':
            return self.roi_head(features, proposals)
        if mode == 'loss':
            truth = [sample.gt_instances for sample in data_samples]
            return self.roi_head.loss(features, proposals, truth)
        if mode == 'predict':
            for sample, scores in zip(data_samples, self.roi_head.predict(features, proposals)):
                sample.pred_instances = InstanceData(
                    bboxes=sample.proposals.video_bboxes, scores=scores
                )
            return data_samples
        raise ValueError(f"mode must be 'tensor', 'loss' or 'predict', got {mode!r}")
