"""mmaction2's multiscale vision transformer with one feature map as output."""

from mmaction.models.backbones.mvit import MViT
from torch import Tensor

from vsslbox.registry import MODELS

__all__ = ['VideoMViT']


@MODELS.register_module()
class VideoMViT(MViT):
    """mmaction2's ``MViT`` that returns the map of its last scale and not a tuple of lists.

    Every part of vsslbox that takes a backbone reads this map. The class token goes through the
    blocks, and is not returned.

    Source: Li et al., "MViTv2: Improved Multiscale Vision Transformers for Classification and
    Detection", CVPR 2022.

    Args:
        kwargs: As for ``mmaction.MViT``, but for ``out_scales`` and ``output_cls_token``. MaskFeat
            pretrains ``dict(embed_dims=96, num_layers=16, num_heads=1, downscale_indices=[1, 3],
            dim_mul_indices=[1, 3, 14])``, or ``dict(embed_dims=144, num_layers=48, num_heads=2,
            downscale_indices=[2, 8], dim_mul_indices=[2, 8, 44])``, as ``arch`` with
            ``dim_mul_in_attention=False``.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(out_scales=-1, output_cls_token=False, **kwargs)

    def forward(self, x: Tensor) -> Tensor:
        """Map clips ``[N, C, T, H, W]`` to the normalised map of the last scale.

        Returns:
            ``[N, D, T', H', W']``.
        """
        (last,) = super().forward(x)
        return last
