"""Losses that are not finite are refused before they reach the weights."""

from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.model import BaseModel
from torch import Tensor, nn

from vsslbox.errors import VSSLBoxError
from vsslbox.utils import unwrap_model

__all__ = ['NonFiniteLossError', 'finite_losses']

# The fields that identify a sample, the best first: its place in the list, or a name.
_NAMES = ('index', 'filename', 'frame_dir', 'img_key', 'video_name')


class NonFiniteLossError(VSSLBoxError, FloatingPointError):
    """A loss is NaN or infinite; it has not changed the weights."""


@contextmanager
def finite_losses(model: nn.Module, batch: dict) -> Iterator[None]:
    """Refuse losses of a batch that are not finite, before their gradients are computed.

    mmengine's training steps, and those of its wrappers, sum a model's losses by its
    ``parse_losses``; this context adds a check of the sum. Gradients may overflow: loss scaling for
    half precision (``AmpOptimWrapper``) causes that now and then, and skips the step.

    Args:
        model: The model, wrapped or not.
        batch: The samples, for the message.

    Raises:
        NonFiniteLossError: The loss is NaN or infinite.
    """
    model: BaseModel = unwrap_model(model)
    parse_losses = model.parse_losses

    def parse_finite_losses(losses: dict) -> tuple[Tensor, dict[str, Tensor]]:
        total, values = parse_losses(losses)
        if not total.isfinite():
            named = ', '.join(f'{name} {value:g}' for name, value in values.items())
            raise NonFiniteLossError(
                f'the loss is not finite ({named}); the weights were not updated. Samples of the '
                f'batch, by index or name: {[_name(sample) for sample in batch["data_samples"]]}'
            )
        return total, values

    model.parse_losses = parse_finite_losses
    try:
        yield
    finally:
        del model.parse_losses


def _name(sample: object) -> object:
    return next((sample.get(name) for name in _NAMES if name in sample), '?')
