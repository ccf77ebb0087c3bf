"""Training of attentive probes on kept tokens."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from vsslbox.models.heads.attentive_probe_head import AttentiveProbeHead, score_together

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

    Every batch is read once for all heads, and heads of depth 1 are computed together (see
    :func:`score_together`). AdamW decays all parameters by a constant; the rate follows
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
                own = labels[part].to(tokens.device)
                for group in _computed_together(heads):
                    scores = score_together(group, tokens)
                    loss = F.cross_entropy(
                        scores.flatten(0, 1), own.repeat(len(group)), reduction='sum'
                    )
                    (loss / len(numbers)).backward()
            optimizer.step()
            optimizer.zero_grad()
            schedule.step()


@torch.no_grad()
def predict_with_probes(
    heads: Sequence[AttentiveProbeHead], read: Read, num_samples: int, batch_size: int = 256
) -> Tensor:
    """Return the class that each head predicts for each sample, ``[P, N]``.

    Args:
        heads: The heads, P.
        read: As for :func:`train_probes`.
        num_samples: N.
        batch_size: The number of samples at once.
    """
    at_once = min(batch_size, _most_at_once(read))
    found = []
    for numbers in torch.arange(num_samples).split(at_once):
        tokens = read(numbers).to(heads[0].linear.weight)
        found.append(score_together(heads, tokens).argmax(dim=2).cpu())
    return torch.cat(found, dim=1)


def cosine_to_zero(step: int, steps: int) -> float:
    """Return the share of the learning rate in a step, counted from 0.

    It is (1 + cos(pi (t + 1) / T)) / 2: as in the authors' code, 0 in the last of T steps.
    """
    return (1 + math.cos(math.pi * (step + 1) / steps)) / 2


def _computed_together(heads: Sequence[AttentiveProbeHead]) -> list[Sequence[AttentiveProbeHead]]:
    """Return groups of heads: with self-attention, each alone, since its activations are large."""
    return [[head] for head in heads] if len(heads[0].pooler.blocks) else [heads]


def _most_at_once(read: Read) -> int:
    """Return the number of samples whose tokens fit into memory."""
    tokens = read(torch.tensor([0]))
    return max(1, MOST_TOKENS // (tokens.numel() * tokens.element_size()))
