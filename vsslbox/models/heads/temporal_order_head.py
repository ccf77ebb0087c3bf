"""The temporal order task of VCLR."""

from typing import Literal

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.utils.precision import at_least_float32
from vsslbox.registry import MODELS
from vsslbox.structures import NUM_ORDER_LABELS, check_order_segments

__all__ = ['TemporalOrderHead']


@MODELS.register_module()
class TemporalOrderHead(BaseModule):
    """Classify which of two tuples of frames is out of order: neither, one of them or both.

    The embeddings are permuted here rather than the frames in the loader: an encoder that sees each
    segment by itself gives the same either way, and one encoding serves the other losses, too.

    Source: VCLR, section 3.3. In the authors' code the embeddings are normalised over the axis of
    the frames (a 2D call applied to a 3D tensor), in the paper over their channels.

    Args:
        in_channels: The length of an embedding, D.
        num_segments: The number of segments of a tuple, S, at least 3; VCLR gives its own.
        norm_axis: ``'frame'`` as in the authors' code, ``'channel'`` as in the paper.
        loss_weight: The factor of this loss in the total.
        init_cfg: mmengine's weight initialization; None leaves torch's own.
    """

    def __init__(
        self,
        in_channels: int = 128,
        num_segments: int = 3,
        norm_axis: Literal['frame', 'channel'] = 'frame',
        loss_weight: float = 1.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        check_order_segments(num_segments)
        if norm_axis not in ('frame', 'channel'):
            raise InputError(f"norm_axis must be 'frame' or 'channel', got {norm_axis!r}")
        self.norm_dim = {'frame': 1, 'channel': 2}[norm_axis]
        self.loss_weight = loss_weight
        self.classifier = nn.Linear(2 * num_segments * in_channels, NUM_ORDER_LABELS)

    def logits(self, anchor: Tensor, positive: Tensor) -> Tensor:
        """Score the four classes of pairs of tuples, ``[N, S, D]`` each: ``[N, 4]``."""
        tuples = [F.normalize(x, dim=self.norm_dim).flatten(1) for x in (anchor, positive)]
        return self.classifier(torch.cat(tuples, dim=1))

    def forward(self, anchor: Tensor, positive: Tensor, orders: Tensor, labels: Tensor) -> Tensor:
        """Permute the tuples and compute the cross-entropy of the classes.

        Args:
            anchor: Embeddings of the anchor tuple in time order, ``[N, S, D]``.
            positive: Embeddings of the positive tuple in time order, ``[N, S, D]``.
            orders: The order in which to show the segments of both tuples, ``[N, 2, S]``.
            labels: The classes ``[N]``, see :func:`~vsslbox.structures.order_label`.

        Returns:
            The loss, a scalar in float32.
        """
        anchor = torch.take_along_dim(anchor, orders[:, 0, :, None], dim=1)
        positive = torch.take_along_dim(positive, orders[:, 1, :, None], dim=1)
        logits = at_least_float32(self.logits(anchor, positive))
        return self.loss_weight * F.cross_entropy(logits, labels)
