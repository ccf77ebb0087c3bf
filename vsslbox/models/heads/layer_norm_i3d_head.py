"""The classifier of VideoMAE's fine-tuning."""

from mmaction.models.heads import I3DHead
from torch import Tensor, nn

from vsslbox.registry import MODELS

__all__ = ['LayerNormI3DHead']


@MODELS.register_module()
class LayerNormI3DHead(I3DHead):
    """mmaction2's ``I3DHead`` on a LayerNorm, ``fc_norm``, of the averaged feature.

    It belongs to a backbone without a final norm: ``VideoViT(final_norm=False)``. The weights of
    the linear layer start from a deviation of 2e-5.

    Source: the fine-tuning of Tong et al., "VideoMAE", following the authors' code.

    Args:
        init_std: The deviation of the first weights.
        kwargs: As for ``mmaction.I3DHead``; in the scope of vsslbox ``loss_cls`` must be given,
            such as ``dict(type='mmaction.CrossEntropyLoss')``.
    """

    def __init__(self, *args, init_std: float = 2e-5, **kwargs) -> None:
        super().__init__(*args, init_std=init_std, **kwargs)
        self.fc_norm = nn.LayerNorm(self.in_channels, eps=1e-6)

    def forward(self, x: Tensor, **kwargs) -> Tensor:
        """Classify feature maps.

        Args:
            x: Feature maps ``[N, F, t, h, w]``.
            kwargs: Ignored; mmaction2 passes them.

        Returns:
            Class scores ``[N, K]``.
        """
        x = self.fc_norm(x.flatten(2).mean(dim=2))
        return super().forward(x[..., None, None, None], **kwargs)  # pooling changes nothing
