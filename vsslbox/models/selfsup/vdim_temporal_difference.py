"""VDIM whose consequent is a change over time."""

import torch
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.selfsup.vdim import VDIM
from vsslbox.registry import MODELS

__all__ = ['VDIMTemporalDifference']


@MODELS.register_module()
class VDIMTemporalDifference(VDIM):
    """VDIM with the change between the two halves of the consequent as the consequent.

    This is an interpretation. The paper splits the features of the second view in half along time
    and subtracts the halves, but the global features of a clip have one position in time. Here,
    the consequent is twice as long as the antecedent, ``[N, C, 2T, H, W]``, as
    ``SampleSubsequences(consequent_len=2 * clip_len)`` samples it. It is augmented as one view and
    cut into two clips; the map of the second is subtracted from that of the first, for each layer.
    These maps are the encoder's, and the projection follows.

    All three clips of a sample go through the encoder as one batch, and the maps of the antecedents
    go through the projection together with the differences.

    Source: Devon Hjelm and Bachman, "Representation Learning with Video Deep InfoMax", 2020.
    """

    def features(self, antecedents: Tensor, consequents: Tensor) -> dict[int, Tensor]:
        """Compute the maps of the antecedents and the differences; see :meth:`VDIM.features`."""
        length, expected = consequents.shape[2], 2 * antecedents.shape[2]
        if length != expected:
            raise InputError(
                f'VDIMTemporalDifference needs a consequent of {expected} frames, twice those of '
                f'the antecedent, got {length}: set SampleSubsequences(consequent_len={expected})'
            )
        clips = torch.cat([antecedents, *consequents.chunk(2, dim=2)])
        features = {}
        for tap, maps in self.backbone.extract(clips, self.criterion.taps).items():
            antecedent, first_half, second_half = maps.chunk(3)
            features[tap] = torch.cat([antecedent, first_half - second_half])
        return features
