"""Pretext tasks: classify what was done to a video."""

import torch
import torch.nn.functional as F
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.models.utils import at_least_float32, encode_clips
from vsslbox.registry import MODELS

__all__ = ['PretextClassifier']


@MODELS.register_module()
class PretextClassifier(BaseSelfSupervisor):
    """Classify what the pipeline did to a video: its pace, its rotation, the order of its clips.

    A sample has V views of one shape, ``[N, C, T, H, W]`` each. They go through the backbone as one
    batch, so that BatchNorm computes its statistics over all of them, and the head scores their
    features. The class is the target ``pretext_label`` that the pipeline has written:

    * pace prediction: ``SampleRandomPace``, one clip, ``MLPNeck``;
    * VCOP: ``SampleShuffledClips``, several clips, ``TupleClsHead``;
    * Shuffle and Learn: ``SampleFrameTriples``, three frames, ``TupleClsHead``;
    * 3D-RotNet: ``RotateViews``, one clip in four rotations, ``MLPNeck``.

    Sources: Wang et al., "Self-supervised Video Representation Learning by Pace Prediction", ECCV
    2020; Xu et al., "Self-Supervised Spatiotemporal Learning via Video Clip Order Prediction", CVPR
    2019; Misra et al., "Shuffle and Learn", ECCV 2016; Jing et al., "Self-Supervised Spatiotemporal
    Feature Learning via Video Rotation Prediction", arXiv:1811.11387.

    Args:
        backbone: The config of the backbone, 2D or 3D.
        head: The config of a module that maps features ``[N, V, F]`` to scores of K classes:
            ``[N, V, K]``, with a label for each view, or ``[N, K]``, with a label for each sample.
        kwargs: As for :class:`BaseSelfSupervisor`.
    """

    def __init__(self, backbone: dict, head: dict, **kwargs) -> None:
        super().__init__(backbone, **kwargs)
        self.head = MODELS.build(head)

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_pretext``, the cross-entropy of the classes, and ``accuracy``."""
        features = encode_clips(self.backbone, torch.cat(inputs))
        features = features.unflatten(0, (len(inputs), -1)).transpose(0, 1)  # [N, V, F]
        scores = at_least_float32(self.head(features)).flatten(0, -2)
        labels = _labels(data_samples).to(scores.device)
        if len(labels) != len(scores):
            raise InputError(
                f'{len(data_samples)} samples of {len(inputs)} views have {len(labels)} '
                f'`pretext_label`s, but `model.head` scores {len(scores)} rows: a head of single '
                'views (MLPNeck) takes a label for each view, TupleClsHead one for each sample'
            )
        if labels.max() >= scores.shape[1]:
            raise InputError(
                f'the pipeline makes at least {int(labels.max()) + 1} classes, `model.head` has '
                f'{scores.shape[1]}: set its number of outputs to that of the classes'
            )
        accuracy = (scores.argmax(dim=1) == labels).float().mean()
        return dict(loss_pretext=F.cross_entropy(scores, labels), accuracy=accuracy)


def _labels(data_samples: list) -> Tensor:
    """Concatenate the labels of the samples: ``[N]``, or ``[N * V]``, one for each view."""
    if 'pretext_label' not in data_samples[0]:
        raise InputError(
            'the samples have no `pretext_label`: add SampleRandomPace, SampleShuffledClips, '
            'SampleFrameTriples or RotateViews to the pipeline'
        )
    return torch.stack([sample.pretext_label for sample in data_samples]).flatten()
