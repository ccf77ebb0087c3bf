"""V-JEPA and V-JEPA 2: hidden tokens of a clip are predicted in the space of features."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.selfsup.momentum_self_supervisor import MomentumSelfSupervisor
from vsslbox.models.utils import shared_generator
from vsslbox.registry import MODELS

__all__ = ['VJEPA']


@MODELS.register_module()
class VJEPA(MomentumSelfSupervisor):
    """Predict what a moving average of the encoder says of hidden tokens, from the others.

    A sample has one view, a clip ``[N, C, T, H, W]``. The average encodes the whole clip. For each
    set of masks the encoder sees the tokens of the context alone, and the predictor gives the
    features of the hidden tokens from them. The loss is the mean over the sets.

    Source: Bardes et al., "Revisiting Feature Prediction for Learning Visual Representations from
    Video", 2024; Assran et al., "V-JEPA 2: Self-Supervised Video Models Enable Understanding,
    Prediction and Planning", 2025. Defaults follow V-JEPA 2.

    Args:
        backbone: The config of a transformer with a method ``tokens``, such as ``VideoViT``.
        predictor: The config of a predictor of its features, such as ``TokenPredictor``.
        masks: For each set of masks the config of a module that draws them, such as ``BlockMask``.
        loss: The config of a loss that is called with predictions and features ``[N, M, D]``.
        momentum: See :class:`MomentumSelfSupervisor`.
        kwargs: As for :class:`BaseSelfSupervisor`.

    Raises:
        InputError: The backbone has no tokens, or the predictor takes others; there are no masks.
    """

    def __init__(
        self,
        backbone: dict,
        predictor: dict,
        masks: Sequence[dict],
        loss: dict,
        momentum: float | dict = 0.99925,
        **kwargs,
    ) -> None:
        super().__init__(backbone, momentum, **kwargs)
        if not masks:
            raise InputError('VJEPA needs at least one set of `masks`')
        if not hasattr(self.backbone, 'tokens'):
            raise InputError(
                'VJEPA needs a backbone that encodes some of the tokens of a clip, such as '
                f'`VideoViT`, got {type(self.backbone).__name__}'
            )
        self.predictor = MODELS.build(predictor)
        if self.predictor.in_channels != self.backbone.feat_dim:
            raise InputError(
                f'`model.predictor` has in_channels={self.predictor.in_channels}, a token of '
                f'`model.backbone` has {self.backbone.feat_dim} features: give that number'
            )
        self.masks = nn.ModuleList(MODELS.build(mask) for mask in masks)
        self.criterion = MODELS.build(loss)
        self.follow('backbone')

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute ``loss_prediction`` of a clip."""
        if len(inputs) != 1:
            raise InputError(
                f'VJEPA takes 1 view, got {len(inputs)}: does the pipeline sample one clip of each '
                'video?'
            )
        (clips,) = inputs
        with torch.no_grad():
            features = self.momentum_backbone(clips)
        grid = tuple(features.shape[2:])
        features = features.flatten(2).transpose(1, 2)  # [N, L, D]
        generator = shared_generator()
        losses = []
        for mask_set, mask in enumerate(self.masks):
            seen, hidden = (n.to(clips.device) for n in mask(len(clips), grid, generator))
            context = self.backbone.tokens(clips, seen)
            predicted = self.predictor(context, seen, hidden, grid, mask_set)
            losses.append(
                self.criterion(predicted, features.take_along_dim(hidden[..., None], dim=1))
            )
        return dict(loss_prediction=torch.stack(losses).mean())
