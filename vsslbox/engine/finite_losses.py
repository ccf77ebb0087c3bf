"""A loss that is not finite does not reach the weights."""

from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.model import BaseModel
from torch import Tensor, nn

from vsslbox.errors import VSSLBoxError
from vsslbox.utils import unwrap_model

__all__ = ['NonFiniteLossError', 'finite_losses']

# What a sample may be told by: its place in the list, or else a name.
_NAMES = ('index', 'filename', 'frame_dir', 'img_key', 'video_name')


class NonFiniteLossError(VSSLBoxError, FloatingPointError):
    """A loss is NaN or infinite; the weights have not been touched by it."""


@contextmanager
def finite_losses(model: nn.Module, batch: dict) -> Iterator[None]:
    """Refuse losses of a batch that are not finite, before their gradients are computed.

    mmengine's training steps, those of its wrappers too, sum a model's losses by its
    ``parse_losses``; within this context that checks the sum. Gradients may overflow: scaling the
    loss for half precision (``AmpOptimWrapper``) makes them now and then, and leaves out the step.

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
