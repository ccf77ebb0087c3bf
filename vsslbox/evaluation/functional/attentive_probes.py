"""Training of attentive probes on kept tokens."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from vsslbox.models.heads.attentive_probe_head import (
    AttentiveProbeHead,
    score_together,
    stack_weights,
)

__all__ = ['ProbeSetting', 'cosine_to_zero', 'predict_with_probes', 'train_probes']

# Bytes of the tokens that are in memory at once: a larger batch is split, with the same gradient.
MOST_TOKENS = 2**28

Read = Callable[[Tensor], Tensor]


class ProbeSetting(NamedTuple):
    """What heads of a grid differ in.

    Attributes:
        lr: The learning rate at the beginning.
        weight_decay: The decay of all parameters.
    """

    lr: float
    weight_decay: float


def train_probes(
    heads: Sequence[AttentiveProbeHead],
    settings: Sequence[ProbeSetting],
    read: Read,
    labels: Tensor,
    epochs: int = 20,
    batch_size: int = 256,
    seed: int = 0,
) -> None:
    """Train several heads on the same tokens, each as if it were alone.

    Every batch is read once for all heads. Heads of depth 1 are computed together (see
    :func:`score_together`); with self-attention most of the work differs between heads, and they
    are computed in turn. AdamW decays all parameters by a constant; the rate follows
    :func:`cosine_to_zero`, without a warm-up.

    Source: Assran et al., "V-JEPA 2", 2025, and the authors' code.

    Args:
        heads: The heads, P; they are changed. Tokens are brought to their device and type.
        settings: Those of each head.
        read: Returns the tokens of samples by their numbers ``[B]``, ``[B, L, D]``.
        labels: Class ids, ``[N]``.
        epochs: How often each sample is seen.
        batch_size: The number of samples in a step.
        seed: The seed of the order.
    """
    probes = _Together(heads) if heads[0].pooler.depth == 1 else _InTurn(heads)
    groups = [
        dict(params=list(head.parameters()), **setting._asdict())
        for head, setting in zip(heads, settings, strict=True)
    ]
    optimizer = AdamW(groups, fused=True)
    steps = epochs * math.ceil(len(labels) / batch_size)
    schedule = LambdaLR(optimizer, lambda step: cosine_to_zero(step, steps))
    generator = torch.Generator().manual_seed(seed)
    at_once = _most_at_once(read)
    for _ in range(epochs):
        for numbers in torch.randperm(len(labels), generator=generator).split(batch_size):
            for part in numbers.split(at_once):
                tokens = read(part).to(heads[0].linear.weight)
                for scores in probes.scores(tokens):
                    own = labels[part].to(tokens.device).repeat(len(scores))
                    loss = F.cross_entropy(scores.flatten(0, 1), own, reduction='sum')
                    (loss / len(numbers)).backward()
            probes.hand_out_gradients()
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()


@torch.no_grad()
def predict_with_probes(
    heads: Sequence[AttentiveProbeHead], read: Read, num_samples: int, batch_size: int = 256
) -> Tensor:
    """Return the class that each head predicts for each sample, ``[P, N]``; -1 if it diverged.

    Args:
        heads: The heads, P.
        read: As for :func:`train_probes`.
        num_samples: N.
        batch_size: The number of samples at once.
    """
    at_once = min(batch_size, _most_at_once(read))
    pooler = heads[0].pooler
    weights = stack_weights(heads) if pooler.depth == 1 else None
    found = []
    for numbers in torch.arange(num_samples).split(at_once):
        tokens = read(numbers).to(heads[0].linear.weight)
        if weights:
            scores = score_together(weights, pooler.num_heads, tokens)
        else:
            scores = torch.stack([head(tokens) for head in heads])
        diverged = scores.isfinite().all(dim=2).logical_not()
        found.append(scores.argmax(dim=2).masked_fill(diverged, -1).cpu())
    return torch.cat(found, dim=1)


def cosine_to_zero(step: int, steps: int) -> float:
    """Return the share of the learning rate in a step, counted from 0.

    It is (1 + cos(pi (t + 1) / T)) / 2: as in the authors' code, 0 in the last of T steps.
    """
    return (1 + math.cos(math.pi * (step + 1) / steps)) / 2


def _most_at_once(read: Read) -> int:
    """Return the number of samples whose tokens fit into memory."""
    tokens = read(torch.tensor([0]))
    return max(1, MOST_TOKENS // (tokens.numel() * tokens.element_size()))


class _InTurn:
    """Computes heads one after the other, so that the activations of one are kept at a time."""

    def __init__(self, heads: Sequence[AttentiveProbeHead]) -> None:
        self.heads = heads

    def scores(self, tokens: Tensor) -> Iterator[Tensor]:
        """Yield scores ``[1, N, K]`` for each head."""
        for head in self.heads:
            yield head(tokens)[None]

    def hand_out_gradients(self) -> None:
        """Do nothing: the heads have their gradients."""


class _Together:
    """Computes heads of depth 1 together, on stacks of their weights.

    The parameters of the heads become parts of the stacks, so that nothing is copied in a step.
    """

    def __init__(self, heads: Sequence[AttentiveProbeHead]) -> None:
        self.num_heads = heads[0].pooler.num_heads
        stacked = stack_weights(heads)
        self.weights = {name: stack.detach().requires_grad_() for name, stack in stacked.items()}
        self.parts = [dict(head.named_parameters()) for head in heads]
        for number, parameters in enumerate(self.parts):
            for name, parameter in parameters.items():
                parameter.data = self.weights[name].data[number]

    def scores(self, tokens: Tensor) -> Iterator[Tensor]:
        """Yield scores ``[P, N, K]`` of all heads."""
        yield score_together(self.weights, self.num_heads, tokens)

    def hand_out_gradients(self) -> None:
        """Give each head its part of the gradients."""
        for name, stack in self.weights.items():
            assert stack.grad is not None  # after the backward pass
            for number, parameters in enumerate(self.parts):
                parameters[name].grad = stack.grad[number]
            stack.grad = None
