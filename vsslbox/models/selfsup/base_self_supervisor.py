"""What every self-supervised method shares."""

from abc import abstractmethod

from torch import Tensor

from vsslbox.errors import InputError
from vsslbox.models.extractors.feature_extractor import FeatureExtractor
from vsslbox.models.memories import BaseMemory

__all__ = ['BaseSelfSupervisor']


class BaseSelfSupervisor(FeatureExtractor):
    """A backbone and the losses that train it without labels.

    A method implements :meth:`loss`, which reads like its paper and changes nothing, and extends
    :meth:`update_after_step` where it keeps a moving average or another state.

    Args:
        backbone: The config of the backbone, 2D or 3D, with one feature map as output.
        data_preprocessor: The config of the preprocessor, :class:`ViewsPreprocessor` as a rule.
        init_cfg: mmengine's weight initialization.
    """

    def forward(
        self, inputs: list[Tensor], data_samples: list | None = None, mode: str = 'tensor'
    ) -> Tensor | dict[str, Tensor]:
        """Compute losses or features.

        Args:
            inputs: Views, each ``[N, C, T, H, W]``, normalised.
            data_samples: What the pipeline knows of each of the N samples.
            mode: ``'loss'`` gives a dict of losses, ``'tensor'`` features ``[N, F]``.

        Raises:
            InputError: The mode is another one.
        """
        if mode == 'tensor':
            return super().forward(inputs)
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        raise InputError(f"mode must be 'loss' or 'tensor', got {mode!r}")

    @abstractmethod
    def loss(self, inputs: list[Tensor], data_samples: list) -> dict[str, Tensor]:
        """Compute the losses of a batch; keys with ``loss`` in them are summed."""

    def update_after_step(self) -> None:
        """Change what follows the weights; called once after each step of the optimizer."""
        for module in self.modules():
            if isinstance(module, BaseMemory):
                module.flush()
