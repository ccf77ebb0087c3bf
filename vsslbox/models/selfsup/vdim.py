"""VDIM: video deep InfoMax."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.model import ModuleDict
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.selfsup.base_self_supervisor import BaseSelfSupervisor
from vsslbox.registry import MODELS

__all__ = ['VDIM']


@MODELS.register_module()
class VDIM(BaseSelfSupervisor):
    """Local features of a clip predict the global features of another clip, and the reverse.

    A sample has two views, each ``[N, C, T, H, W]``: the antecedent and the consequent. Both go
    through the network as one batch, so that BatchNorm computes its statistics over both.

    Source: Devon Hjelm and Bachman, "Representation Learning with Video Deep InfoMax", 2020.

    Args:
        backbone: The config of a backbone whose ``extract`` returns the maps of several layers.
        neck: The config of a projection; one is built for each layer.
        loss: The config of a loss that names these layers in ``taps`` and is called with two
            dicts, one for each view, of the embeddings ``[N, D, t, h, w]`` by layer.
        kwargs: As for :class:`BaseSelfSupervisor`.
    """

    def __init__(self, backbone: dict, neck: dict, loss: dict, **kwargs) -> None:
        super().__init__(backbone, **kwargs)
        self.criterion = MODELS.build(loss)
        # mmengine's ModuleDict: torch's would not pass on the initialization of weights.
        self.necks = ModuleDict({str(tap): MODELS.build(neck) for tap in self.criterion.taps})

    @classmethod
    def feature_backbone(cls, model: Mapping[str, Any]) -> dict[str, Any]:
        """Return the encoder and the projection of the global layer, as the paper evaluates it."""
        (layer,) = model['loss']['other_layers']
        return dict(
            type='ProjectedBackbone', backbone=model['backbone'], neck=model['neck'], layer=layer
        )

    def embed(self, clips: Tensor) -> Tensor:
        """Embed clips by the projection of the deepest layer: ``[N, D]``."""
        layer = max(self.criterion.taps)
        return self.necks[str(layer)](self.backbone.extract(clips, [layer])[layer]).mean((2, 3, 4))

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_contrast`` of two views."""
        if len(inputs) != 2:
            raise InputError(
                f'VDIM takes 2 views, got {len(inputs)}: does the pipeline sample two '
                'subsequences of each video?'
            )
        embeddings = {
            tap: self.necks[str(tap)](maps).chunk(2) for tap, maps in self.features(*inputs).items()
        }
        first, second = ({tap: pair[view] for tap, pair in embeddings.items()} for view in (0, 1))
        return dict(loss_contrast=self.criterion(first, second))

    def features(self, antecedents: Tensor, consequents: Tensor) -> dict[int, Tensor]:
        """Compute what is projected, for each layer ``[2N, F, t, h, w]``: the antecedents first."""
        return self.backbone.extract(torch.cat([antecedents, consequents]), self.criterion.taps)
