"""The classifier of CVRL's linear evaluation."""

from mmaction.models.heads import I3DHead
from torch import Tensor
from torch.nn.functional import normalize

from vsslbox.registry import MODELS

__all__ = ['NormalizedI3DHead']


@MODELS.register_module()
class NormalizedI3DHead(I3DHead):
    """mmaction2's ``I3DHead`` on L2-normalised features.

    The feature is averaged over space and time, divided by its L2 norm, and classified by one
    linear layer, after an optional dropout.

    Source: the linear evaluation of Qian et al., "Spatiotemporal Contrastive Video Representation
    Learning", following the authors' code.

    Args:
        kwargs: As for ``mmaction.I3DHead``; in the scope of vsslbox ``loss_cls`` must be given,
            such as ``dict(type='mmaction.CrossEntropyLoss')``.
    """

    def forward(self, x: Tensor, **kwargs) -> Tensor:
        """Classify feature maps.

        Args:
            x: Feature maps ``[N, F, t, h, w]``.
            kwargs: Ignored; mmaction2 passes them.

        Returns:
            Class scores ``[N, K]``.
        """
        if self.avg_pool is not None:
            x = self.avg_pool(x)
        return super().forward(normalize(x, dim=1), **kwargs)  # pooling again changes nothing
