"""The classifier of tuples of clips or frames."""

from itertools import combinations

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.registry import MODELS

__all__ = ['TupleClsHead']


@MODELS.register_module()
class TupleClsHead(BaseModule):
    """A linear classifier on the features of all views of a sample, or on those of their pairs.

    The features of the views are concatenated and classified. With ``pair_channels``, one hidden
    layer with a ReLU first maps each pair of views, which are V (V - 1) / 2, to a feature.

    Source: Misra et al., "Shuffle and Learn", section 3.2 (views); Xu et al., "Self-Supervised
    Spatiotemporal Learning via Video Clip Order Prediction", section 3.3, and the authors' code
    (pairs, 512 channels, dropout 0.5).

    Args:
        num_classes: The number of classes, K.
        in_channels: The length of a feature, F.
        num_views: The views of a sample, V, at least 2.
        pair_channels: The length of the feature of a pair.
        dropout_ratio: The share that is dropped before the classifier.
        init_cfg: mmengine's weight initialization; None leaves torch's own.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        num_views: int = 3,
        pair_channels: int | None = None,
        dropout_ratio: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_views < 2:
            raise InputError(f'num_views of TupleClsHead must be at least 2, got {num_views}')
        self.num_views = num_views
        self.pair_layer = None
        width = num_views * in_channels
        if pair_channels is not None:
            self.pair_layer = nn.Linear(2 * in_channels, pair_channels)
            width = num_views * (num_views - 1) // 2 * pair_channels
        self.dropout = nn.Dropout(dropout_ratio)
        self.classifier = nn.Linear(width, num_classes)

    def forward(self, features: Tensor) -> Tensor:
        """Score the classes of tuples ``[N, V, F]``: ``[N, K]``.

        Raises:
            InputError: The tuples have another number of views.
        """
        if features.shape[1] != self.num_views:
            raise InputError(
                f'`num_views` of TupleClsHead is {self.num_views}, the samples have '
                f'{features.shape[1]} views: it must be the number that the sampler makes'
            )
        if self.pair_layer is not None:
            pairs = combinations(features.unbind(1), 2)
            pairs = torch.stack([torch.cat(pair, dim=1) for pair in pairs], dim=1)
            features = F.relu(self.pair_layer(pairs))
        return self.classifier(self.dropout(features.flatten(1)))
