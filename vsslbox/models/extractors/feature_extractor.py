"""The pooled features of a backbone."""

import torch
from mmengine.model import BaseModel
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.utils.encode import clip_maps, encode_clips, map_tokens, pool_maps
from vsslbox.registry import MODELS

__all__ = ['FeatureExtractor']


@MODELS.register_module()
class FeatureExtractor(BaseModel):
    """Compute the pooled features of a backbone, averaged over the views.

    It loads the checkpoint of any method with the same backbone.

    Args:
        backbone: The config of the backbone, 2D or 3D, with one feature map as output.
        data_preprocessor: The config of the preprocessor; ``ViewsPreprocessor`` if None.
        init_cfg: mmengine's weight initialization.
    """

    def __init__(
        self,
        backbone: dict,
        data_preprocessor: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        preprocessor = MODELS.build(data_preprocessor or dict(type='ViewsPreprocessor'))
        super().__init__(preprocessor, init_cfg)
        self.backbone = MODELS.build(backbone)

    def forward(
        self, inputs: list[Tensor], data_samples: list | None = None, mode: str = 'tensor'
    ) -> Tensor:
        """Compute features.

        Args:
            inputs: Views, each ``[N, C, T, H, W]``, normalised.
            data_samples: Ignored.
            mode: ``'tensor'``.

        Returns:
            ``[N, F]``.
        """
        if mode != 'tensor':
            raise ValueError(
                f"FeatureExtractor is not trained: mode must be 'tensor', got {mode!r}"
            )
        return torch.stack([encode_clips(self.backbone, view) for view in inputs]).mean(dim=0)

    def with_tokens(
        self, inputs: list[Tensor], data_samples: list | None = None
    ) -> tuple[Tensor, Tensor]:
        """Compute the features and, in the same pass, the tokens of all views.

        Args:
            inputs: Views, each ``[N, C, T, H, W]``, normalised.
            data_samples: Ignored.

        Returns:
            ``[N, F]``, and the positions of the feature maps of all views, ``[N, L, F]``.

        Raises:
            InputError: The backbone returns no map, or one of a single position for one view.
        """
        maps = [clip_maps(self.backbone, view) for view in inputs]
        number = len(inputs[0])
        tokens = torch.cat([map_tokens(own, number) for own in maps], dim=1)
        if tokens.shape[1] == 1:
            raise InputError(
                'the backbone gives one token for each video, so that there is nothing to attend '
                'to: give one whose output is a feature map, or take more clips or larger ones'
            )
        return torch.stack([pool_maps(own, number) for own in maps]).mean(dim=0), tokens
