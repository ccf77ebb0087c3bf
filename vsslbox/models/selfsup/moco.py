"""MoCo: two views of a video attract each other, against a queue of keys."""

from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.selfsup.multi_objective_self_supervisor import MultiObjectiveSelfSupervisor
from vsslbox.models.utils import encode_clips
from vsslbox.registry import MODELS

__all__ = ['MoCo']


@MODELS.register_module()
class MoCo(MultiObjectiveSelfSupervisor):
    """Contrast a query with a key of its video and with the keys of earlier batches.

    A sample has two views, ``[N, C, T, H, W]`` each, the query and the key. With single frames this
    is MoCo-v2 on the frames of videos; with two clips and S3D it is the first stage of CoCLR, whose
    authors call it InfoNCE. A video that the queue still holds counts as another video.

    Source: He et al., "Momentum Contrast for Unsupervised Visual Representation Learning", CVPR
    2020; Chen et al., "Improved Baselines with Momentum Contrastive Learning", arXiv:2003.04297;
    Han et al., "Self-supervised Co-training for Video Representation Learning", NeurIPS 2020,
    section 3.1.

    Args:
        backbone: The config of the backbone, 2D or 3D.
        neck: The config of the projection.
        head: The config of a head that is called with a query ``[N, D]`` and a list of keys.
        momentum: See :class:`MomentumSelfSupervisor`.
        kwargs: As for :class:`BaseSelfSupervisor`.
    """

    def __init__(
        self, backbone: dict, neck: dict, head: dict, momentum: float | dict = 0.999, **kwargs
    ) -> None:
        super().__init__(backbone, neck, dict(contrast=head), momentum, **kwargs)

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_contrast`` of two views."""
        if len(inputs) != 2:
            raise InputError(
                f'{type(self).__name__} takes 2 views (query, key), got {len(inputs)}: does the '
                'pipeline sample two views of each video?'
            )
        query = self.project('contrast', self.encode_query(inputs[0]))
        key = self.project_keys('contrast', self.encode_key(inputs[1]))
        return dict(loss_contrast=self.heads['contrast'](query, [key]))

    def encode_query(self, view: Tensor) -> Tensor:
        """Encode the view of the query, ``[N, C, T, H, W]``: ``[N, F]``."""
        return encode_clips(self.backbone, view)

    def encode_key(self, view: Tensor) -> Tensor:
        """Encode the view of the key by the moving average."""
        return self.encode_keys(view)
