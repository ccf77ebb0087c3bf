"""Several clips of each video, all of them positives of each other."""

from collections.abc import Sequence
from typing import TypeVar

from vsslbox.errors import InputError

__all__ = ['check_clips', 'with_others']

Item = TypeVar('Item')


def check_clips(method: object, clips: Sequence) -> None:
    """Check that each video of a batch has at least two clips.

    Args:
        method: The model, for the message.
        clips: The views of the batch.

    Raises:
        InputError: There are fewer.
    """
    if len(clips) < 2:
        raise InputError(
            f'{type(method).__name__} takes at least 2 views, got {len(clips)}: does the pipeline '
            'sample several clips of each video, such as `SampleRandomSpans(num_clips=2)`?'
        )


def with_others(items: Sequence[Item]) -> list[tuple[Item, list[Item]]]:
    """Pair each item with the list of all others.

    Examples:
        >>> with_others('abc')
        [('a', ['b', 'c']), ('b', ['a', 'c']), ('c', ['a', 'b'])]
    """
    return [(item, [*items[:place], *items[place + 1 :]]) for place, item in enumerate(items)]
