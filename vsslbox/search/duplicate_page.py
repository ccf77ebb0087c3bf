"""The page of near-duplicates: pairs side by side, at the same moment."""

import os
from collections.abc import Sequence

from vsslbox.search.duplicates import DuplicatePair
from vsslbox.search.pages import make_clips, write_page
from vsslbox.utils import escaped

__all__ = ['write_duplicate_page']

MOST_PAIRS = 100


def write_duplicate_page(
    path: str | os.PathLike,
    pairs: Sequence[DuplicatePair],
    clusters: Sequence[int],
    videos: Sequence[str],
    others: Sequence[str],
    summary: str,
    num_workers: int = 2,
) -> None:
    """Write a page of the first pairs, which play.

    Args:
        path: The HTML file; missing folders are created.
        pairs: The pairs to show.
        clusters: The number of the cluster of each.
        videos: The videos that the pairs' first places count.
        others: Those that the second places count.
        summary: What was found, in a sentence.
        num_workers: The number of processes that make clips.
    """
    places = [_places(pair, videos, others) for pair in pairs[:MOST_PAIRS]]
    clips = make_clips([place for two in places for place in two], num_workers)
    rest = len(pairs) - len(places)
    write_page(
        path,
        'duplicates.html',
        ['clips.js'],
        title='Near-duplicates',
        summary=f'{summary}.' + (f' The other {rest} pairs are not in this page.' if rest else ''),
        pairs=[
            dict(
                cluster=cluster,
                score=f'{pair.alignment.score:.3f}',
                kinds=', '.join(pair.alignment.kinds),
                videos=[dict(name=escaped(place[0]), clip=clips[place]) for place in two],
            )
            for pair, cluster, two in zip(pairs, clusters, places)
        ],
    )


def _places(
    pair: DuplicatePair, videos: Sequence[str], others: Sequence[str]
) -> list[tuple[str, float]]:
    """Return both videos, each with the second at which the common part begins."""
    start, speed = pair.alignment.start, pair.alignment.speed
    return [
        (videos[pair.first], max(0.0, start)),
        (others[pair.second], max(0.0, -start / speed)),
    ]
