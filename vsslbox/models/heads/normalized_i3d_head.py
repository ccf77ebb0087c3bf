"""The classifier of CVRL's linear evaluation."""

from mmaction.models.heads import I3DHead
from mmengine.model import BaseModule
from torch import Tensor
from torch.nn.functional import normalize

from vsslbox.errors import InputError
from vsslbox.registry import MODELS

__all__ = ['NormalizedI3DHead']

GLOROT = dict(type='Xavier', layer='Linear', distribution='uniform')


@MODELS.register_module()
class NormalizedI3DHead(I3DHead):
    """mmaction2's ``I3DHead`` on L2-normalised features.

    The feature is averaged over space and time, divided by its L2 norm, and classified by one
    linear layer, after an optional dropout. The layer starts from Keras's default: Glorot's uniform
    distribution, no bias.

    Source: the linear evaluation of Qian et al., "Spatiotemporal Contrastive Video Representation
    Learning", following the authors' code.

    Args:
        init_cfg: mmengine's weight initialization, instead of the above.
        kwargs: As for ``mmaction.I3DHead`` without ``init_std``; in the scope of vsslbox
            ``loss_cls`` must be given, such as ``dict(type='mmaction.CrossEntropyLoss')``.

    Raises:
        InputError: ``init_std`` is given.
    """

    def __init__(self, *args, init_cfg: dict | list[dict] | None = None, **kwargs) -> None:
        if 'init_std' in kwargs:
            raise InputError('NormalizedI3DHead takes no `init_std`: give `init_cfg`')
        super().__init__(*args, init_cfg=init_cfg or GLOROT, **kwargs)

    def init_weights(self) -> None:
        """Apply ``init_cfg``."""
        BaseModule.init_weights(self)  # mmaction2's own ignores it

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
