"""The classes of VCLR's temporal order task."""

from vsslbox.errors import InputError

__all__ = ['NUM_ORDER_LABELS', 'check_order_segments', 'order_label']

NUM_ORDER_LABELS = 4


def order_label(anchor_shuffled: bool, positive_shuffled: bool) -> int:
    """Return the class: 0 no tuple is shuffled, 1 the anchor, 2 the positive, 3 both."""
    return int(anchor_shuffled) + 2 * int(positive_shuffled)


def check_order_segments(num_segments: int) -> None:
    """Refuse tuples of fewer than 3 segments.

    Raises:
        InputError: There are fewer.
    """
    if num_segments < 3:
        raise InputError(
            f'the temporal order task needs at least 3 segments, got {num_segments}: every order '
            'of fewer segments is forward or backward. Set `order=None` in the model and remove '
            '`ShuffleOrder` from the pipeline'
        )
