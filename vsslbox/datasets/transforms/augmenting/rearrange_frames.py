"""Other orders of the frames of a view."""

from collections.abc import Callable

import numpy as np

from vsslbox.datasets.transforms.augmenting.view_transform import Drawn, ViewTransform
from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['RearrangeFrames']


def _reversed(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return times[::-1]


def _shuffled(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    while len(times) > 2:
        drawn = rng.permutation(times)
        if (drawn != times).any() and (drawn != times[::-1]).any():
            return drawn
    return times[::-1]


def _frozen(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.full_like(times, len(times) // 2)


def _dropped(times: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return times // 2 * 2


ORDERS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = dict(
    reversed=_reversed, shuffled=_shuffled, frozen=_frozen, dropped=_dropped
)


@TRANSFORMS.register_module()
class RearrangeFrames(ViewTransform):
    """Show another frame of the view at each time; the number of frames stays.

    Args:
        order: ``'reversed'``; ``'shuffled'``, any order but forward and backward with the same
            probability (of two frames: backward); ``'frozen'``, the frame at T // 2 all the time;
            or ``'dropped'``, every second frame is lost, and the one before it is shown again.

    Raises:
        InputError: There is no such order.
    """

    def __init__(self, order: str) -> None:
        super().__init__()
        if order not in ORDERS:
            raise InputError(
                f'order of RearrangeFrames must be one of {", ".join(ORDERS)}, got {order!r}'
            )
        self.order = order

    def draw(self, rng: np.random.Generator, num_draws: int, frames: list[np.ndarray]) -> Drawn:
        """Draw ``times``, int64 ``[1, T]``: the number of the frame that is shown at each time."""
        return {'times': ORDERS[self.order](np.arange(len(frames)), rng)[None]}

    def apply(self, frames: list[np.ndarray], params: Drawn) -> list[np.ndarray]:
        """Return the frames as drawn."""
        return [frames[time] for time in params['times'][0]]

    def apply_frame(self, frame: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return a frame as it is."""
        return frame

    def move_boxes(self, boxes: np.ndarray, size: tuple[int, int], times: np.ndarray) -> np.ndarray:
        """Return the boxes as they are: they hold for all frames."""
        return boxes
