"""The pooled features of the stages of a backbone."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from vsslbox.errors import InputError
from vsslbox.models.extractors.feature_extractor import FeatureExtractor
from vsslbox.models.utils.encode import clip_maps, pool_maps
from vsslbox.registry import MODELS

__all__ = ['TapExtractor']


@MODELS.register_module()
class TapExtractor(FeatureExtractor):
    """Compute the pooled features of several stages of a backbone, averaged over the views.

    Args:
        taps: The stages. A backbone with ``extract(x, taps)`` has its own names for them, such as
            ``conv3`` (:class:`PreActResNet3d`) or the number of a layer (:class:`VDIMEncoder`). For
            any other backbone, names of its modules, such as ``layer3``.
        kwargs: As for :class:`FeatureExtractor`.

    Raises:
        InputError: There is no tap, or the backbone has no such module.
    """

    def __init__(self, taps: Sequence[str | int], **kwargs) -> None:
        super().__init__(**kwargs)
        if not taps:
            raise InputError('taps of TapExtractor needs at least one name')
        if not hasattr(self.backbone, 'extract'):
            names = dict(self.backbone.named_modules())
            unknown = [tap for tap in taps if tap not in names]
            if unknown:
                known = ', '.join(name for name, _ in self.backbone.named_children())
                raise InputError(
                    f'taps of TapExtractor: {type(self.backbone).__name__} has no module '
                    f'{unknown[0]!r}; it has {known}, and those inside them'
                )
        self.taps = list(taps)

    def forward(
        self, inputs: list[Tensor], data_samples: list | None = None, mode: str = 'tensor'
    ) -> dict[str, Tensor]:
        """Compute features, ``[N, F]`` by tap; see :meth:`FeatureExtractor.forward`."""
        if mode != 'tensor':
            raise ValueError(f"TapExtractor is not trained: mode must be 'tensor', got {mode!r}")
        views = [self._encode(view) for view in inputs]
        return {
            str(tap): torch.stack([features[tap] for features in views]).mean(dim=0)
            for tap in self.taps
        }

    def _encode(self, clips: Tensor) -> dict[str | int, Tensor]:
        if hasattr(self.backbone, 'extract'):
            maps = self.backbone.extract(clips, self.taps)
            return {tap: pool_maps(maps[tap], len(clips)) for tap in self.taps}
        with _outputs(self.backbone, self.taps) as maps:
            clip_maps(self.backbone, clips)
        return {tap: pool_maps(maps[tap], len(clips)) for tap in self.taps}


@contextmanager
def _outputs(backbone: nn.Module, taps: list[str]) -> Iterator[dict[str, Tensor]]:
    """Collect the outputs of modules while the context is open."""
    outputs: dict[str, Tensor] = {}

    def keep(tap: str, module: nn.Module, inputs: tuple, output: Tensor) -> None:
        outputs[tap] = output.clone()  # an activation may change it in place

    hooks = [backbone.get_submodule(tap).register_forward_hook(partial(keep, tap)) for tap in taps]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()
