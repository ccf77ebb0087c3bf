"""The temporal order task's labels."""

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS

__all__ = ['ShuffleOrder']


@TRANSFORMS.register_module()
class ShuffleOrder(BaseTransform):
    """Draw for both tuples of VCLR in which order their segments shall be shown.

    Each tuple is shuffled or left alone, independently. A shuffled order is neither forward nor,
    as a rule, exactly backward: a video played backwards is then not held to be out of order.
    Nothing is moved here, :class:`TemporalOrderHead` permutes the embeddings.

    Targets: ``orders``, the order of the anchor's and of the positive's segments, ``[2, S]``; and
    ``order_label``: 0 neither tuple is shuffled, 1 the anchor, 2 the positive, 3 both.

    Source: VCLR, section 3.3; the exclusion of the reversed order is the authors' code's.

    Args:
        num_segments: S, at least 3.
        prob: The probability of shuffling a tuple.
        allow_backward: Whether the backward order counts as shuffled, too.
    """

    def __init__(
        self, num_segments: int = 3, prob: float = 0.5, allow_backward: bool = False
    ) -> None:
        if num_segments < 3:
            raise InputError(
                f'ShuffleOrder needs at least 3 segments, got {num_segments}: every order of fewer '
                'is forward or backward. Leave it out, and set `order=None` in the model'
            )
        if not 0 <= prob <= 1:
            raise InputError(f'prob must be within [0, 1], got {prob}')
        self.num_segments = num_segments
        self.prob = prob
        self.allow_backward = allow_backward

    def transform(self, results: dict) -> dict:
        """Add the targets."""
        rng = results['rng']
        shuffled = rng.random(2) < self.prob
        orders = [self._shuffled(rng) if s else np.arange(self.num_segments) for s in shuffled]
        targets = results.setdefault('targets', {})
        targets['orders'] = np.stack(orders)
        targets['order_label'] = int(shuffled[0]) + 2 * int(shuffled[1])
        return results

    def _shuffled(self, rng: np.random.Generator) -> np.ndarray:
        """One of the orders that count as shuffled, each with the same probability."""
        forward = np.arange(self.num_segments)
        refused = [forward] if self.allow_backward else [forward, forward[::-1]]
        while True:
            order = rng.permutation(self.num_segments)
            if not any(np.array_equal(order, other) for other in refused):
                return order

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(num_segments={self.num_segments}, prob={self.prob}, '
            f'allow_backward={self.allow_backward})'
        )
