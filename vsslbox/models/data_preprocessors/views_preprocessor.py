"""Turn a batch of uint8 views into the input of a backbone."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseDataPreprocessor

from vsslbox.errors import InputError, InputTypeError
from vsslbox.registry import MODELS, TRANSFORMS

__all__ = ['ViewsPreprocessor']


@MODELS.register_module()
class ViewsPreprocessor(BaseDataPreprocessor):
    """Move a batch of views to the model's device, augment it there and normalise it.

    It applies the transforms inside ``Defer`` as drawn, in training and testing alike: they are
    there only where the pipeline put them. Then it computes ``(x - mean) / std`` per channel.

    Args:
        mean: Mean of R, G, B, for values in [0, 255].
        std: Standard deviation of R, G, B, likewise. A mean of 0 with 255 here gives [0, 1].
        non_blocking: Whether copies to the device may overlap with other work.
    """

    def __init__(
        self,
        mean: Sequence[float] = (123.675, 116.28, 103.53),
        std: Sequence[float] = (58.395, 57.12, 57.375),
        non_blocking: bool = False,
    ) -> None:
        super().__init__(non_blocking)
        for name, values in (('mean', mean), ('std', std)):
            if len(values) != 3:
                raise InputError(f'{name} must have 3 numbers, for R, G and B, got {values!r}')
            constant = torch.tensor(values, dtype=torch.float32).view(3, 1, 1, 1)
            self.register_buffer(name, constant, persistent=False)

    def forward(self, data: dict, training: bool = False) -> dict:
        """Prepare a collated batch.

        Args:
            data: ``inputs``, one uint8 tensor ``[N, 3, T, H, W]`` per view; optionally
                ``data_samples`` and, one dict per view, ``deferred`` (transform -> parameter ->
                ``[N, 1 or T, ...]``). It is not changed.
            training: Ignored; mmengine passes it.

        Returns:
            ``inputs``, one float32 tensor ``[N, 3, T, H, W]`` per view, and ``data_samples``.
        """
        _check_inputs(data['inputs'])
        data = self.cast_data(data)
        deferred = data.get('deferred', [{}] * len(data['inputs']))
        return {
            'inputs': [self._prepare(*pair) for pair in zip(data['inputs'], deferred, strict=True)],
            'data_samples': data.get('data_samples'),
        }

    def _prepare(self, clips: torch.Tensor, deferred: dict) -> torch.Tensor:
        clips = clips.float()
        for name, params in deferred.items():
            clips = _deferred_transform(name).apply_batch(clips, params)
        return (clips - self.mean) / self.std


def _deferred_transform(name: str) -> type:
    """Return the class of a deferred transform, which applies it to a batch."""
    TRANSFORMS.import_from_location()
    if name not in TRANSFORMS.module_dict:
        raise InputError(
            f'{name} was deferred, but it is not in vsslbox.registry.TRANSFORMS: name the module '
            'that registers it in custom_imports'
        )
    return TRANSFORMS.module_dict[name]


def _check_inputs(inputs: Sequence[torch.Tensor]) -> None:
    if isinstance(inputs, torch.Tensor):
        raise InputTypeError(
            f'inputs must be a list with one tensor [N, 3, T, H, W] per view, got one tensor of '
            f'shape {list(inputs.shape)}; a single view is a list of one'
        )
    for clips in inputs:
        if not isinstance(clips, torch.Tensor) or clips.ndim != 5 or clips.shape[1] != 3:
            got = list(clips.shape) if isinstance(clips, torch.Tensor) else type(clips).__name__
            raise InputTypeError(
                f'every view in inputs must be a tensor [N, 3, T, H, W], got {got}: is the '
                "collate function 'default_collate'?"
            )
