"""The prediction of future feature maps."""

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.losses.dense_prediction_loss import dense_prediction_nce
from vsslbox.models.necks import ConvGRU
from vsslbox.registry import MODELS

__all__ = ['DensePredictionHead']


@MODELS.register_module()
class DensePredictionHead(BaseModule):
    """Predict the maps of the last P blocks of a video, one after the other, from those before.

    A recurrent unit reads the first maps after a ReLU; two 1x1 convolutions predict the next map
    from its state; the unit then reads the prediction, after a ReLU, in place of the map. The loss
    compares the predictions with the maps before their ReLU.

    Source: Han et al., "Video Representation Learning by Dense Predictive Coding", section 3, and
    the authors' code.

    Args:
        channels: The channels of a map, F.
        num_predicted: The number of blocks to predict, P.
        dropout_ratio: See :class:`ConvGRU`.
        loss_weight: The factor of this loss in the total.
        init_cfg: mmengine's weight initialization; orthogonal weights and zero biases if None.
    """

    def __init__(
        self,
        channels: int = 256,
        num_predicted: int = 3,
        dropout_ratio: float = 0.1,
        loss_weight: float = 1.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        if num_predicted < 1:
            raise InputError(f'num_predicted must be at least 1, got {num_predicted}')
        self.num_predicted = num_predicted
        self.loss_weight = loss_weight
        self.aggregator = ConvGRU(channels, dropout_ratio=dropout_ratio)
        self.predictor = nn.Sequential(
            nn.Conv2d(channels, channels, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 1),
        )
        for conv in (self.predictor[0], self.predictor[2]):
            nn.init.orthogonal_(conv.weight)
            nn.init.zeros_(conv.bias)

    def forward(self, maps: Tensor) -> Tensor:
        """Compute the loss of the maps of all blocks, ``[N, B, F, h, w]``, before any ReLU.

        Raises:
            InputError: There is no block before those to predict.
        """
        num_blocks = maps.shape[1]
        if num_blocks <= self.num_predicted:
            raise InputError(
                f'`num_predicted` is {self.num_predicted}, but a sample has {num_blocks} blocks: '
                'it needs more'
            )
        hidden = self.aggregator(maps[:, : -self.num_predicted].relu())
        predicted = []
        for _ in range(self.num_predicted):
            predicted.append(self.predictor(hidden))
            hidden = self.aggregator.step(predicted[-1].relu(), hidden)
        future = maps[:, -self.num_predicted :]
        return self.loss_weight * dense_prediction_nce(torch.stack(predicted, dim=1), future)
