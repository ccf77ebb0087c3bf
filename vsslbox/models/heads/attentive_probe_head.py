"""The classifier of an attentive probe."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vsslbox.models.necks.attentive_pooler import AttentivePooler, attend_together
from vsslbox.registry import MODELS

__all__ = ['AttentiveProbeHead', 'score_together']


@MODELS.register_module()
class AttentiveProbeHead(nn.Module):
    """A linear classifier of tokens that attention pools.

    Its weights have the names of those that V-JEPA and V-JEPA 2 publish, ``pooler.*`` and
    ``linear.*``: a file of theirs has a list ``classifiers`` of state dicts, whose names begin with
    ``module.``.

    Args:
        in_channels: The width of a token, D.
        num_classes: The number of classes, K.
        kwargs: As for :class:`AttentivePooler`.
    """

    def __init__(self, in_channels: int, num_classes: int, **kwargs) -> None:
        super().__init__()
        self.pooler = AttentivePooler(in_channels, **kwargs)
        self.linear = nn.Linear(in_channels, num_classes)

    def forward(self, tokens: Tensor) -> Tensor:
        """Score tokens ``[N, L, D]``: ``[N, K]``."""
        return self.linear(self.pooler(tokens))


def score_together(heads: Sequence[AttentiveProbeHead], tokens: Tensor) -> Tensor:
    """Score the same tokens with several heads of one shape, as each of them does.

    Heads without self-attention are computed together, see :func:`attend_together`. With it, most
    of the work differs between heads, and they are computed in turn.

    Args:
        heads: P heads.
        tokens: ``[N, L, D]``.

    Returns:
        ``[P, N, K]``.
    """
    if len(heads[0].pooler.blocks):
        return torch.stack([head(tokens) for head in heads])
    pooled = attend_together([head.pooler for head in heads], tokens)
    weight = torch.stack([head.linear.weight for head in heads])
    bias = torch.stack([head.linear.bias for head in heads])
    return torch.baddbmm(bias[:, None], pooled, weight.mT)
