"""Attentive probes on a frozen network, trained on views."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from vsslbox.errors import InputError
from vsslbox.models.extractors.frozen_readout import FrozenReadout
from vsslbox.models.heads.attentive_probe_head import AttentiveProbeHead
from vsslbox.models.utils.precision import at_least_float32
from vsslbox.registry import MODELS

__all__ = ['AttentiveReadout']


@MODELS.register_module()
class AttentiveReadout(FrozenReadout):
    """Classify the tokens of augmented views by several attentive probes at once.

    The clips of a video are encoded one by one, and their tokens form one sequence. Crops of the
    same clips (:class:`ThreeCrops`) form a sequence each, and their probabilities are averaged.

    :class:`ReadoutConstructor` gives every probe the learning rate and the decay of ``settings``,
    and :class:`ChooseReadoutHook` notes after each validation which one is the best. Once it has,
    predictions have that probe's under ``chosen`` too: a test reads them with
    ``ReadoutMetric(taps=['chosen'])``.

    Source: Assran et al., "V-JEPA 2", 2025, and the authors' code, which chooses on the videos that
    it reports.

    Args:
        backbone: The config of the backbone, with one feature map as output.
        in_channels: The width of its tokens, D.
        num_classes: The number of classes, K.
        settings: ``lr`` and ``weight_decay`` of each probe.
        num_clips: The clips of a video, as in the sampler.
        depth: As for :class:`AttentivePooler`, like ``num_heads``.
        num_heads: The heads of the attention.
        kwargs: As for :class:`FeatureExtractor`.

    Attributes:
        names: The names of the probes, by their settings.
        chosen: The number of the best probe; -1 before the first validation.

    Raises:
        InputError: There are no settings, or equal ones.
    """

    def __init__(
        self,
        backbone: dict,
        in_channels: int,
        num_classes: int,
        settings: Sequence[dict[str, float]],
        num_clips: int = 1,
        depth: int = 4,
        num_heads: int = 16,
        **kwargs,
    ) -> None:
        super().__init__(backbone, **kwargs)
        self.settings = [dict(own) for own in settings]
        self.names = [f'lr{own["lr"]:g}_wd{own["weight_decay"]:g}' for own in self.settings]
        if not self.names or len(set(self.names)) < len(self.names):
            raise InputError(
                'settings of AttentiveReadout must be different pairs of lr and weight_decay, got '
                f'{self.settings}'
            )
        self.num_clips = num_clips
        self.probes = torch.nn.ModuleList(
            AttentiveProbeHead(in_channels, num_classes, depth=depth, num_heads=num_heads)
            for _ in self.settings
        )
        self.register_buffer('chosen', torch.tensor(-1))

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute the cross-entropy of each probe, averaged over the crops."""
        labels = self.labels(data_samples)
        crops = self.tokens(inputs)
        return {
            f'loss_{name}': sum(
                F.cross_entropy(_checkpointed(probe, tokens), labels) for tokens in crops
            )
            / len(crops)
            for name, probe in zip(self.names, self.probes)
        }

    def probabilities(self, inputs: list[Tensor]) -> dict[str, Tensor]:
        """Compute the softmax over the classes, averaged over the crops, by the probe's name."""
        crops = self.tokens(inputs)
        found = {}
        for name, probe in zip(self.names, self.probes):
            scores = [at_least_float32(probe(tokens)) for tokens in crops]
            found[name] = torch.stack([own.softmax(dim=1) for own in scores]).mean(dim=0)
        return found if self.chosen < 0 else dict(found, chosen=found[self.names[self.chosen]])

    @torch.no_grad()
    def tokens(self, inputs: list[Tensor]) -> list[Tensor]:
        """Compute the tokens of each crop of the clips, ``[N, L, D]``.

        Args:
            inputs: The views, those of a clip's crops one after the other.
        """
        if len(inputs) % self.num_clips:
            raise InputError(
                f'AttentiveReadout has num_clips={self.num_clips}, but samples have {len(inputs)} '
                'views: set it to the number of clips of the sampler'
            )
        num_crops = len(inputs) // self.num_clips
        crops = [self.with_tokens(inputs[crop::num_crops])[1] for crop in range(num_crops)]
        width = self.probes[0].linear.in_features
        if crops[0].shape[2] != width:
            raise InputError(
                f'in_channels of AttentiveReadout is {width}, but the backbone gives tokens of '
                f'{crops[0].shape[2]}: set it to that'
            )
        return crops

    def notes(self) -> dict[str, str]:
        """Return which probe was chosen."""
        if self.chosen < 0:
            return {}
        name = self.names[self.chosen]
        return dict(chosen=f'{name} of {len(self.names)} probes, by the videos of validation')


def _checkpointed(probe: AttentiveProbeHead, tokens: Tensor) -> Tensor:
    """Score tokens; activations, which are many, are computed again in the backward pass."""
    return at_least_float32(checkpoint(probe, tokens, use_reentrant=False))
