"""The labels of the temporal order task."""

import numpy as np
from mmcv.transforms import BaseTransform

from vsslbox.errors import InputError
from vsslbox.registry import TRANSFORMS
from vsslbox.structures import check_order_segments, order_label

__all__ = ['ShuffleOrder']


@TRANSFORMS.register_module()
class ShuffleOrder(BaseTransform):
    """Draw the order in which the segments of VCLR's two tuples are shown.

    Each tuple is shuffled or left alone, independently of the other. By default, a shuffled order
    is neither forward nor exactly backward, so that a video played backwards does not count as out
    of order. The frames stay where they are: :class:`TemporalOrderHead` permutes the embeddings.

    The number of segments S, at least 3, is what ``SampleSegmentTuples`` wrote into the sample.

    Targets: ``orders``, the order of the anchor's and of the positive's segments, ``[2, S]``; and
    ``order_label``, see :func:`~vsslbox.structures.order_label`.

    Source: VCLR, section 3.3; the exclusion of the backward order follows the authors' code.

    Args:
        prob: The probability of shuffling a tuple.
        allow_backward: Whether the backward order counts as shuffled, too.
    """

    def __init__(self, prob: float = 0.5, allow_backward: bool = False) -> None:
        if not 0 <= prob <= 1:
            raise InputError(f'prob of ShuffleOrder must be within [0, 1], got {prob}')
        self.prob = prob
        self.allow_backward = allow_backward

    def transform(self, results: dict) -> dict:
        """Add the targets.

        Raises:
            InputError: The sample has no ``num_segments``, or fewer than 3.
        """
        if 'num_segments' not in results:
            raise InputError('ShuffleOrder must follow SampleSegmentTuples in the pipeline')
        num_segments = results['num_segments']
        check_order_segments(num_segments)
        rng = results['rng']
        shuffled = rng.random(2) < self.prob
        orders = [
            self._order(rng, num_segments) if s else np.arange(num_segments) for s in shuffled
        ]
        targets = results.setdefault('targets', {})
        targets['orders'] = np.stack(orders)
        targets['order_label'] = order_label(*shuffled)
        return results

    def _order(self, rng: np.random.Generator, num_segments: int) -> np.ndarray:
        """Draw one of the orders that count as shuffled, each with the same probability."""
        forward = np.arange(num_segments)
        refused = [forward] if self.allow_backward else [forward, forward[::-1]]
        while True:
            order = rng.permutation(num_segments)
            if not any(np.array_equal(order, other) for other in refused):
                return order

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob}, allow_backward={self.allow_backward})'
