"""Queries with their nearest videos, and queries that were taken for another class."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from vsslbox.evaluation import FeatureSet
from vsslbox.visualization.report import Hit, Mistakes, Retrieval

__all__ = ['mistaken_videos', 'nearest_videos']

Thumbnail = Callable[[int], np.ndarray]


def nearest_videos(
    queries: FeatureSet,
    gallery: FeatureSet,
    labels: Sequence[str],
    query_thumbnail: Thumbnail,
    gallery_thumbnail: Thumbnail,
    num_queries: int = 12,
    num_hits: int = 5,
    leave_out: str | None = None,
) -> list[Retrieval]:
    """Return some queries with their nearest videos; those with the same first label are right.

    The choice of queries depends on their number only, so that reports can be compared.

    Args:
        queries: The queries.
        gallery: The candidates; if they are the queries themselves, none finds itself.
        labels: The columns to show in captions, below the videos' names.
        query_thumbnail: Returns a query's picture by its index, as :class:`Hit` takes it.
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
    return [
        Retrieval(
            query_thumbnail(index),
            _caption(queries.attributes[index], labels),
            [
                Hit(
                    gallery_thumbnail(i),
                    _caption(gallery.attributes[i], labels),
                    found[i] == wanted[index],
                )
                for i in neighbours[index][similarities[index].isfinite()].tolist()
            ],
        )
        for index in chosen.tolist()
    ]


def mistaken_videos(
    queries: FeatureSet,
    gallery: FeatureSet,
    label: str,
    predicted: Sequence,
    query_thumbnail: Thumbnail,
    gallery_thumbnail: Thumbnail,
    num_groups: int = 6,
    num_examples: int = 3,
    num_neighbours: int = 20,
    leave_out: str | None = None,
) -> list[Mistakes]:
    """Return the most frequent mistakes, with the nearest video of the predicted class.

    Args:
        queries: The queries.
        gallery: The candidates.
        label: The column that was predicted.
        predicted: The prediction for each query, by a vote of its nearest videos.
        query_thumbnail: As for :func:`nearest_videos`.
        gallery_thumbnail: Likewise.
        num_groups: The most pairs of true and predicted class to show.
        num_examples: The most queries to show of each.
        num_neighbours: How many neighbours had a vote.
        leave_out: As for :func:`nearest_videos`.
    """
    if gallery is queries:
        leave_out = leave_out or 'name'
    _, neighbours = queries.neighbours(gallery, num_neighbours, leave_out)
    truth, found = queries.column(label), gallery.column(label)
    groups = defaultdict(list)
    for index, (wanted, voted) in enumerate(zip(truth, predicted, strict=True)):
        if voted not in (wanted, None):
            groups[wanted, voted].append(index)
    largest = sorted(groups.items(), key=lambda item: -len(item[1]))[:num_groups]
    shown = []
    for (wanted, voted), indices in largest:
        examples = []
        for index in indices[:num_examples]:
            (nearest, *_) = (i for i in neighbours[index].tolist() if found[i] == voted)
            hit = Hit(
                gallery_thumbnail(nearest), _caption(gallery.attributes[nearest], [label]), False
            )
            caption = _caption(queries.attributes[index], [label])
            examples.append(Retrieval(query_thumbnail(index), caption, [hit]))
        title = (
            f'{label} {wanted} taken for {voted}: {len(indices)} of {truth.count(wanted)} queries'
        )
        shown.append(Mistakes(title, examples))
    return shown


def _caption(attributes: dict, labels: Sequence[str]) -> str:
    values = (f'{label} {attributes[label]}' for label in labels)
    return '\n'.join([str(attributes.get('name', '')), *values])
