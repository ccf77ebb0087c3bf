"""The classifier of an attentive probe."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vsslbox.models.necks.attentive_pooler import AttentivePooler, attend_together
from vsslbox.registry import MODELS

__all__ = ['AttentiveProbeHead', 'score_together', 'stack_weights']


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


def stack_weights(heads: Sequence[AttentiveProbeHead]) -> dict[str, Tensor]:
    """Return the parameters of heads of one shape by name, ``[P, ...]``."""
    weights = [dict(head.named_parameters()) for head in heads]
    return {name: torch.stack([own[name] for own in weights]) for name in weights[0]}


def score_together(weights: dict[str, Tensor], num_heads: int, tokens: Tensor) -> Tensor:
    """Score the same tokens with several heads of depth 1, as each of them does.

    Args:
        weights: The parameters of P heads, see :func:`stack_weights`.
        num_heads: The heads of the attention of each.
        tokens: ``[N, L, D]``.

    Returns:
        ``[P, N, K]``.
    """
    own = {name.removeprefix('pooler.'): weight for name, weight in weights.items()}
    pooled = attend_together(own, num_heads, tokens)
    return torch.baddbmm(own['linear.bias'][:, None], pooled, own['linear.weight'].mT)
