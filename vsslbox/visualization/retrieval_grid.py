"""Queries and what was found for them."""

from collections.abc import Callable, Sequence

import numpy as np

from vsslbox.evaluation import FeatureSet
from vsslbox.visualization.report import Hit, Retrieval

__all__ = ['nearest_videos']


def nearest_videos(
    queries: FeatureSet,
    gallery: FeatureSet,
    labels: Sequence[str],
    query_thumbnail: Callable[[int], np.ndarray],
    gallery_thumbnail: Callable[[int], np.ndarray],
    num_queries: int = 12,
    num_hits: int = 5,
    leave_out: str | None = None,
) -> list[Retrieval]:
    """Some queries with their nearest videos; right are those with the same first label.

    Which queries are shown depends on their number alone, so that reports can be compared.

    Args:
        queries: The queries.
        gallery: The candidates; if they are the queries themselves, none finds itself.
        labels: The columns that captions tell.
        query_thumbnail: Gives a query's picture by its index, RGB, uint8 ``[H, W, 3]``.
        gallery_thumbnail: The same of the gallery.
        num_queries: How many queries.
        num_hits: How many nearest videos of each.
        leave_out: A column; candidates that share the query's value in it are not shown.
    """
    if gallery is queries:
        leave_out = leave_out or 'name'
    similarities, neighbours = queries.neighbours(gallery, num_hits, leave_out)
    chosen = np.random.default_rng(0).permutation(len(queries))[:num_queries]
    wanted, found = queries.column(labels[0]), gallery.column(labels[0])

    def caption(attributes: dict) -> str:
        return ', '.join(f'{label} {attributes[label]}' for label in labels)

    return [
        Retrieval(
            query_thumbnail(index),
            caption(queries.attributes[index]),
            [
                Hit(gallery_thumbnail(i), caption(gallery.attributes[i]), found[i] == wanted[index])
                for i in neighbours[index][similarities[index].isfinite()].tolist()
            ],
        )
        for index in chosen.tolist()
    ]
