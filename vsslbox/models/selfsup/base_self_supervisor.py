"""The contract of every self-supervised method."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from vsslbox.models.extractors.feature_extractor import FeatureExtractor
from vsslbox.models.memories import BaseMemory
from vsslbox.models.utils import encode_clips

__all__ = ['BaseSelfSupervisor']


class BaseSelfSupervisor(FeatureExtractor):
    """A backbone and the losses that train it without labels.

    A method is a subclass that

    * builds its parts from configs in the constructor: ``self.neck = MODELS.build(neck)``; its loss
      is ``self.criterion``, since ``loss`` is a method;
    * implements :meth:`loss`, which reads like the paper and changes no state, apart from what it
      stages in a memory;
    * extends :meth:`update_after_step` if it keeps state that follows the weights. A moving average
      comes with :class:`MomentumSelfSupervisor`.

    ``MODELS.register_module()`` makes it available to configs, and ``custom_imports`` brings in the
    module that has it.

    Args:
        backbone: The config of the backbone, 2D or 3D, with one feature map as output.
        data_preprocessor: The config of the preprocessor; ``ViewsPreprocessor`` if None.
        init_cfg: mmengine's weight initialization.
    """

    def forward(
        self, inputs: list[Tensor], data_samples: list | None = None, mode: str = 'tensor'
    ) -> Tensor | dict[str, Tensor]:
        """Compute losses or features.

        Args:
            inputs: Views, each ``[N, C, T, H, W]``, normalised.
            data_samples: N samples with the meta data and targets of the pipeline.
            mode: ``'loss'`` gives a dict of losses, ``'tensor'`` features ``[N, F]``.

        Raises:
            ValueError: The mode is another one.
        """
        if mode == 'tensor':
            return super().forward(inputs)
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        raise ValueError(f"mode must be 'loss' or 'tensor', got {mode!r}")

    @classmethod
    def feature_backbone(cls, model: Mapping[str, Any]) -> dict[str, Any]:
        """Return the config of the backbone whose features evaluate the method.

        Args:
            model: The config of the method.
        """
        return dict(model['backbone'])

    @abstractmethod
    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute the losses of a batch.

        Args:
            inputs: As for :meth:`forward`.
            data_samples: As for :meth:`forward`.

        Returns:
            Scalars by name. Those with ``loss`` in the name are summed and minimised, others are
            logged.
        """

    def embed(self, clips: Tensor) -> Tensor:
        """Embed clips as the loss compares them: pooled features, projected if there is a ``neck``.

        Args:
            clips: A view, ``[N, C, T, H, W]``.

        Returns:
            ``[N, D]``.
        """
        features = encode_clips(self.backbone, clips)
        return self.neck(features) if hasattr(self, 'neck') else features

    def embed_views(self, inputs: list[Tensor], data_samples: list) -> Tensor:
        """Embed the views of a batch, to measure how embeddings spread; see ``HealthHook``.

        Args:
            inputs: As for :meth:`forward`.
            data_samples: As for :meth:`forward`.

        Returns:
            ``[N, V, D]`` for V embeddings of each sample that should be similar.
        """
        return torch.stack([self.embed(view) for view in inputs], dim=1)

    def update_after_step(self, progress: float = 0.0) -> None:
        """Update the state that follows the weights.

        ``UpdateAfterStepHook`` calls it once after each step of the optimizer, however many batches
        the step accumulated. Here, memories write what was staged.

        Args:
            progress: k / K, where k steps were done before this one and K is the number of all
                steps; for schedules.
        """
        for module in self.modules():
            if isinstance(module, BaseMemory):
                module.flush()
