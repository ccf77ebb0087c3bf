"""Classifiers on a frozen network."""

from abc import abstractmethod

import torch
from mmengine.structures import LabelData
from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.extractors.feature_extractor import FeatureExtractor

__all__ = ['FrozenReadout']


class FrozenReadout(FeatureExtractor):
    """Classifies videos by the output of a backbone that is not trained.

    The backbone, with its BatchNorm, stays in inference mode.

    Args:
        backbone: The config of the backbone.
        kwargs: As for :class:`FeatureExtractor`.
    """

    def __init__(self, backbone: dict, **kwargs) -> None:
        super().__init__(backbone, **kwargs)
        # Frozen here, before anything wraps the model or collects its trainable parameters.
        self.backbone.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> 'FrozenReadout':
        """Set the mode of the classifiers; the backbone stays in inference mode."""
        super().train(mode)
        self.backbone.eval()
        return self

    def forward(
        self, inputs: list[Tensor], data_samples: list | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor] | list:
        """Compute losses or probabilities.

        Args:
            inputs: Views, each ``[N, C, T, H, W]``, normalised.
            data_samples: N samples, with labels in training.
            mode: ``'loss'`` gives ``loss_NAME`` for each classifier; ``'tensor'`` probabilities
                ``[N, K]`` by name; ``'predict'`` the data samples with these as ``pred_scores``.

        Raises:
            InputError: Views or labels are not those that the classifiers need.
            ValueError: The mode is another one.
        """
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            return self.probabilities(inputs)
        raise ValueError(f"mode must be 'loss', 'predict' or 'tensor', got {mode!r}")

    @abstractmethod
    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute the loss of each classifier."""

    @abstractmethod
    def probabilities(self, inputs: list[Tensor]) -> dict[str, Tensor]:
        """Compute the probabilities of the classes, ``[N, K]`` by the classifier's name."""

    def predict(self, inputs: list[Tensor], data_samples: list) -> list:
        """Write the probabilities into the data samples."""
        probabilities = self.probabilities(inputs)
        for row, sample in enumerate(data_samples):
            sample.pred_scores = LabelData(**{name: p[row] for name, p in probabilities.items()})
        return data_samples

    def labels(self, data_samples: list) -> Tensor:
        """Return the class ids of samples, ``[N]``.

        Raises:
            InputError: A sample does not have one label.
        """
        labels = [sample.gt_labels.item if 'gt_labels' in sample else () for sample in data_samples]
        if any(len(its_labels) != 1 for its_labels in labels):
            raise InputError(
                f'{type(self).__name__} needs one label for each sample: set `ann_file` of the '
                'data set to a list with labels'
            )
        return torch.cat(labels)
