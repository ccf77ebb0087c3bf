"""Queries with their nearest videos."""

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
    """Return some queries with their nearest videos; those with the same first label are right.

    The choice of queries depends on their number only, so that reports can be compared.

    Args:
        queries: The queries.
        gallery: The candidates; if they are the queries themselves, none finds itself.
        labels: The columns to show in captions.
        query_thumbnail: Returns a query's picture by its index, RGB, uint8 ``[H, W, 3]``.
        gallery_thumbnail: The same for the gallery.
        num_queries: The number of queries.
        num_hits: The number of nearest videos of each.
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
