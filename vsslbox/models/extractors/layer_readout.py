"""Linear classifiers on the stages of a frozen network."""

import torch
import torch.nn.functional as F
from mmengine.model import ModuleDict
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.extractors.frozen_readout import FrozenReadout
from vsslbox.models.utils import at_least_float32
from vsslbox.registry import MODELS

__all__ = ['LayerReadout']

# As in the authors' code, but not truncated at two standard deviations.
INIT = dict(type='Kaiming', layer='Linear', mode='fan_in')


@MODELS.register_module()
class LayerReadout(FrozenReadout):
    """Classify the features of single stages of a frozen backbone.

    The feature map of a tap is averaged over time, all its spatial positions are concatenated, and
    one linear layer classifies them. Maps with more than ``max_features`` values are first averaged
    over 2x2 positions until they have no more. All taps are trained together, each by its own
    cross-entropy; the backbone, with its BatchNorm, stays in inference mode.

    Source: the evaluation of Zhuang et al., "Unsupervised Learning from Video with Deep Neural
    Embeddings", following the authors' code.

    Args:
        backbone: The config of a backbone whose ``extract(x, taps)`` returns maps
            ``[N, C, t, h, w]`` by tap: :class:`PreActResNet3d`, :class:`PreActSlowFast`,
            :class:`FrameConcat` or :class:`TwoStream`.
        in_features: The number of inputs of the linear layer of each tap, by tap.
        num_classes: The number of classes, K.
        max_features: Maps with more values are averaged.
        kwargs: As for :class:`FeatureExtractor`.

    Raises:
        InputError: There is no tap.
    """

    def __init__(
        self,
        backbone: dict,
        in_features: dict[str, int],
        num_classes: int,
        max_features: int = 200_000,
        **kwargs,
    ) -> None:
        if not in_features:
            raise InputError('in_features of LayerReadout needs at least one tap')
        super().__init__(backbone, **kwargs)
        self.readouts = ModuleDict(
            {tap: nn.Linear(size, num_classes) for tap, size in in_features.items()}, init_cfg=INIT
        )
        self.max_features = max_features

    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute the cross-entropy of each tap."""
        if len(inputs) != 1:
            raise InputError(
                f'LayerReadout is trained on 1 view, got {len(inputs)}: does the pipeline sample '
                'one clip of each video?'
            )
        labels = self.labels(data_samples)
        scores = self.scores(inputs[0])
        return {f'loss_{tap}': F.cross_entropy(scores[tap], labels) for tap in scores}

    def probabilities(self, inputs: list[Tensor]) -> dict[str, Tensor]:
        """Compute the softmax over the classes, averaged over the views, by tap."""
        views = [self.scores(view) for view in inputs]
        return {
            tap: torch.stack([scores[tap].softmax(dim=1) for scores in views]).mean(dim=0)
            for tap in self.readouts
        }

    def scores(self, clips: Tensor) -> dict[str, Tensor]:
        """Score clips ``[N, C, T, H, W]``: ``[N, K]`` by tap, in at least float32."""
        features = self.features(clips)
        return {tap: at_least_float32(self.readouts[tap](features[tap])) for tap in self.readouts}

    @torch.no_grad()
    def features(self, clips: Tensor) -> dict[str, Tensor]:
        """Compute the inputs of the linear layers, ``[N, F]`` by tap."""
        maps = self.backbone.extract(clips, list(self.readouts))
        features = {}
        for tap, readout in self.readouts.items():
            features[tap] = _flatten_positions(maps[tap].mean(dim=2), self.max_features)
            found = features[tap].shape[1]
            if found != readout.in_features:
                raise InputError(
                    f'in_features.{tap} of LayerReadout is {readout.in_features}, but clips of '
                    f'shape {list(clips.shape[1:])} give a map of {list(maps[tap].shape[1:])}: '
                    f'set it to {found}, or change the size of the clips'
                )
        return features


def _flatten_positions(maps: Tensor, max_features: int) -> Tensor:
    """Flatten maps ``[N, C, h, w]`` to ``[N, F]``, averaged first if they are too large."""
    while maps[0].numel() > max_features and max(maps.shape[2:]) > 1:
        maps = F.avg_pool2d(maps, 2, ceil_mode=True)
    return maps.flatten(1)
